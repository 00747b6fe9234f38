import type { Approval, Approvals } from '@lelu/engine'
import { generationId } from './call-name.ts'

/**
 * The call that the same input names now, and its approval where there is one. `ended`: why the one before did not run, when
 * it only just ended so.
 */
export type Generation = { id: string; found?: Approval | undefined; ended: Approval | undefined }

type Options = {
  approvals: Pick<Approvals, 'find'>
  now: () => number
  /** How long a settled call answers the same call again, ms. */
  repeatAfterMs: number
}

type Named = { tenant: string; run: string; sameCall: string }

const maxKept = 4096

/**
 * Says which call it is when the same input comes again. MCP has no word for it: a retry after a lost reply, the model that
 * asks what became of its call, and a wish to have the thing done once more all look alike. So the calls with one
 * input are counted: the latest answers as long as it is open, and for a while after it settled, so that a retry gets the
 * kept result or the refusal; then the same input is a new call, with a decision and an approval of its own.
 *
 * Nothing here can make a call run twice. An approval runs once, by the engine's compare-and-swap, whatever id is found;
 * two requests at once find the same id, and one record is made for it. A number is only given out when its
 * predecessor has ended, so the numbers have no gaps and the latest can be searched for. A process whose clock or
 * memory is behind finds an older call at worst, and gets its kept answer.
 *
 * A call that the policy allows outright leaves no record: asked twice it runs twice, as without a gateway. Who wants it
 * otherwise lets the policy ask for approval, or gives the call a name.
 */
export function callGenerations({ approvals, now, repeatAfterMs }: Options): {
  current(named: Named): Promise<Generation>
} {
  /** Where the search begins: the latest number that this process has seen of a call. */
  const seen = new Map<string, number>()

  function keep(key: string, generation: number): void {
    seen.delete(key)
    if (generation > 0) seen.set(key, generation)
    const [oldest] = seen.keys()
    if (seen.size > maxKept && oldest !== undefined) seen.delete(oldest)
  }

  return {
    async current({ tenant, run, sameCall }) {
      const key = JSON.stringify([tenant, run, sameCall])
      const find = (generation: number) =>
        approvals.find({ tenant, run, call: generationId(sameCall, generation) })
      const isOver = (approval: Approval) => now() >= newCallAt(approval, repeatAfterMs)

      let latest = seen.get(key) ?? 0
      let approval = await find(latest)
      // Another store than the one where it was seen, or a record that is gone.
      if (approval === undefined && latest > 0) {
        latest = 0
        approval = await find(0)
      }
      if (approval === undefined) return { id: generationId(sameCall, 0), ended: undefined }
      if (isOver(approval)) ({ latest, approval } = await search(latest, approval, find))
      keep(key, latest)
      return isOver(approval)
        ? { id: generationId(sameCall, latest + 1), ended: endedUnrun(approval) }
        : { id: generationId(sameCall, latest), found: approval, ended: undefined }
    },
  }
}

type Found = { latest: number; approval: Approval }

/** The latest number that has a record, in steps that double and then halve. */
async function search(
  from: number,
  known: Approval,
  find: (generation: number) => Promise<Approval | undefined>,
): Promise<Found> {
  let found: Found = { latest: from, approval: known }
  let missing = Number.POSITIVE_INFINITY
  for (let step = 1; missing === Number.POSITIVE_INFINITY; step *= 2) {
    const next = await find(found.latest + step)
    if (next === undefined) missing = found.latest + step
    else found = { latest: found.latest + step, approval: next }
  }
  while (missing - found.latest > 1) {
    const middle = found.latest + Math.floor((missing - found.latest) / 2)
    const next = await find(middle)
    if (next === undefined) missing = middle
    else found = { latest: middle, approval: next }
  }
  return found
}

/** From when on, epoch ms, the same input is a new call; infinite while this one is open, and for states nobody knows. */
function newCallAt(approval: Approval, repeatAfterMs: number): number {
  const { state, attempt, votes, createdAt } = approval
  // It did not run and never will.
  if (isUnrun(approval)) return 0
  switch (state) {
    case 'denied':
      return Math.max(createdAt, ...votes.map(({ at }) => at)) + repeatAfterMs
    case 'completed':
    case 'failed':
      // When it ended is not kept; the lease, which is renewed while it runs, ended no earlier.
      return (attempt?.leaseUntil ?? createdAt) + repeatAfterMs
    default:
      return Number.POSITIVE_INFINITY
  }
}

function isUnrun({ state, result }: Approval): boolean {
  return ['expired', 'cancelled', 'revoked'].includes(state) || result?.status === 'not_run'
}

function endedUnrun(approval: Approval): Approval | undefined {
  return isUnrun(approval) ? approval : undefined
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Lelu } from '@lelu/engine'
import { type ConfidenceReader, notRun } from '@lelu/engine/adapter'
import type { Executors } from '../calls/executors.ts'
import { governedCall } from '../calls/governed-call.ts'
import type { CallParts } from '../calls/governed-tool.ts'
import { heldCalls } from '../calls/held-calls.ts'
import { refusalLog } from '../calls/refusals.ts'
import { type SeenTool, toolNow } from '../calls/seen-tool.ts'
import { type CallableTool, upstreamExecutors } from '../calls/upstream-executors.ts'
import { LeluMcpError } from '../errors.ts'
import { watchPath } from '../files/watch-path.ts'
import type { McpTool, Surface, SurfaceChange } from '../surface/surface.ts'
import { fewNotices } from './at-most.ts'
import type { GatewayConfig } from './config.ts'
import { toolListing } from './listing.ts'
import { readLock } from './lock.ts'
import { openPins } from './pins.ts'
import { forwardQuestions } from './questions.ts'
import { shownSurface } from './shown-surface.ts'
import { policyChangedError } from './stopped.ts'
import { type ListedTool, toolLists } from './tool-lists.ts'
import { openUpstream, type Upstream } from './upstream.ts'
import { callUpstream } from './upstream-call.ts'
import { awayError } from './upstream-errors.ts'

/** What `openGateway` needs: its configuration, the engine that decides, and how clients are told of calls that wait. */
export type GatewayOptions = {
  config: GatewayConfig
  lelu: Pick<Lelu, 'guard' | 'decide' | 'approvals' | 'audit' | 'policy'>
  /** Tells a client that its call waits for a person. */
  pending: CallParts['pending']
  /** Needed where the configuration says `confidence: "self-report"`: `selfReport()` of `@lelu/confidence`. */
  confidence?: ConfidenceReader
  /** What the operator should hear, a line each: safe to print. Default: standard error. */
  notice?: (text: string) => void
  /** Of a handshake with a server, ms. Default 30 000. */
  connectTimeoutMs?: number
  /** How long opening waits for the slowest server, ms. Default 20 000: many clients give a server of theirs half a minute to start. */
  openWithinMs?: number
  /** Epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** How long a person has for a question of a server, ms. */
const personMs = 5 * 60_000

/** How a server stands: `away` says why its tools are absent. */
export type UpstreamStatus = { server: string; away: string | undefined; tools: number }

/** A gateway that is open: the tools of its servers, each call of which the engine decides. */
export interface Gateway {
  readonly surface: Surface & Required<Pick<Surface, 'onChange'>>
  /** For whoever resumes approved calls. */
  readonly executors: Executors
  status(): UpstreamStatus[]
  /** Ends all connections and the processes behind them. */
  close(): Promise<void>
}

function checkConfidence({ config, confidence }: GatewayOptions): ConfidenceReader | undefined {
  if (config.settings.confidence === undefined) return undefined
  if (confidence?.added !== undefined) return confidence
  throw new LeluMcpError(
    'LELU_MCP_OPTIONS_INVALID',
    'The configuration asks for the self-report of the model, and there is no reader of it.',
    { help: 'Pass { confidence: selfReport() } of @lelu/confidence.' },
  )
}

/**
 * Opens a gateway: connects to its servers and waits until each has answered or failed once, but not for long: who does
 * neither must not keep the others from the client. Servers that are away are reported, tried again, and absent until then.
 * Throws `LELU_MCP_LOCK_INVALID` for a lock file that does not parse.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, lelu, pending, now = Date.now } = options
  const { connectTimeoutMs = 30_000, openWithinMs = 20_000 } = options
  const { settings } = config
  const confidence = checkConfidence(options)
  const notice = options.notice ?? ((text) => process.stderr.write(`lelu-mcp: ${text}\n`))
  await readLock(settings.pin)
  if (settings.mode === 'shadow') await announceShadow(lelu, notice)

  const forwards = settings.upstreamElicitation === 'forward'
  // While a server waits for a person, its call runs.
  const timeoutMs = Math.max(settings.upstreamTimeoutMs, forwards ? personMs : 0)
  const pins = openPins(settings.pin)
  const lists = toolLists(config, confidence?.added)
  const listing = toolListing(lelu, now)
  const listeners = new Set<(change: SurfaceChange) => void>()
  const changed = () => {
    for (const listener of listeners) listener({ kind: 'tools' })
  }

  const upstreams = new Map<string, Upstream>()
  // What a person accepts in another process counts at once, and what breaks the file stops its tools. Before any server
  // is judged, so that no change of the file falls between the two.
  const stopWatching = await watchPath(settings.pin, () => {
    for (const upstream of upstreams.values()) upstream.refresh()
  })
  for (const [name, entry] of config.servers) {
    const tell = fewNotices(name, notice)
    const upstream = openUpstream({
      name,
      entry,
      connectTimeoutMs,
      elicitation: forwards,
      onClient: (client) => {
        if (forwards) forwardQuestions(name, client)
      },
      notice: tell,
      onAway: changed,
      onTools: async (listed) => {
        const judged = await pins.judge(name, listed)
        lists.set(name, listed, judged)
        if (judged.first.length > 0) tell(firstSight(name, judged.first, settings.pin))
        for (const [tool, state] of judged.states) {
          const stopped = state === 'pinned' ? undefined : lists.find(name, tool)
          if (stopped !== undefined)
            tell(`${name}/${tool} is ${state} and stopped: ${config.acceptCommand(name)}`)
        }
        changed()
      },
    })
    upstreams.set(name, upstream)
  }

  /** The connection of a tool that is there, as it was pinned and as it was seen. Throws a coded error otherwise. */
  async function callable(server: string, tool: string, seen?: SeenTool): Promise<CallableTool> {
    const upstream = upstreams.get(server)
    if (upstream === undefined) throw awayError(server, 'is not behind this gateway')
    await upstream.client() // waits for a list that is being judged
    const stopped = lists.stopped(server, tool, seen)
    if (stopped !== undefined) throw stopped
    if (seen !== undefined && seen.policy !== lelu.policy.revision)
      throw policyChangedError(server, tool)
    return { upstream, listed: lists.find(server, tool) as ListedTool }
  }

  const parts: CallParts = {
    lelu,
    pending,
    confidence,
    mode: settings.mode,
    repeatAfterMs: settings.repeatAfterMs,
    now,
    async assertCallable(tool) {
      await callable(tool.server, tool.pinned.definition.name, toolNow(tool, lelu.policy))
    },
    assertReachable: async ({ server }) => upstreams.get(server)?.reach(),
    async run({ tool, input, idempotencyKey, context }) {
      const { definition } = tool.pinned
      // Again: a decision and its record take time, and a server may change meanwhile.
      const { upstream } = await callable(
        tool.server,
        definition.name,
        toolNow(tool, lelu.policy),
      ).catch((error: Error) => {
        throw notRun(error)
      })
      const { signal, progress, ask } = context
      const call = { definition, effect: tool.effect, input, idempotencyKey, signal, progress, ask }
      return callUpstream(upstream, { ...call, timeoutMs })
    },
  }
  const govern = governedCall(parts)
  const held = heldCalls(personMs)
  const callTool =
    (tool: ListedTool): McpTool['call'] =>
    (input, context) => {
      if (!forwards) return govern(tool, input, context)
      return held.goOn(context) ?? held.begin(context, (asking) => govern(tool, input, asking))
    }

  for (const name of await unanswered(upstreams.values(), openWithinMs))
    notice(`${name} has not answered yet; its tools are absent until it does`)
  return {
    surface: shownSurface({
      lists,
      isAway: (server) => upstreams.get(server)?.away() !== undefined,
      // As far as the settings let the policy keep a tool from a principal.
      isHidden: async (tool, principal) =>
        settings.hideDenied && settings.mode !== 'shadow' && listing.hides(tool, principal),
      callTool,
      record: refusalLog(lelu),
      listeners,
    }),
    executors: upstreamExecutors({
      has: (server) => upstreams.has(server),
      reach: async (server) => upstreams.get(server)?.reach(),
      callable,
      timeoutMs: settings.upstreamTimeoutMs,
    }),
    status: () =>
      [...upstreams].map(([server, upstream]) => ({
        server,
        away: upstream.away(),
        tools: [...lists.exposed().values()].filter((one) => one.server === server).length,
      })),
    async close() {
      stopWatching()
      listeners.clear()
      await Promise.all([...upstreams.values()].map((upstream) => upstream.close()))
    },
  }
}

/** Waits until all have answered or failed once, for so long at most. Answers who has done neither. */
async function unanswered(upstreams: Iterable<Upstream>, ms: number): Promise<Set<string>> {
  const open = new Set<string>()
  const tried = [...upstreams].map(async (upstream) => {
    open.add(upstream.name)
    await upstream.tried
    open.delete(upstream.name)
  })
  const waited = new AbortController()
  const { signal } = waited
  await Promise.race([Promise.all(tried), sleep(ms, undefined, { signal }).catch(() => {})])
  waited.abort()
  return open
}

function firstSight(server: string, tools: readonly string[], pin: string): string {
  return `${server} is seen for the first time: its ${tools.length} tools are pinned as they are in ${pin}`
}

/** Nobody may take the shadow for the gate: said at every start, and on record. */
async function announceShadow(lelu: GatewayOptions['lelu'], notice: (text: string) => void) {
  await lelu.audit.append({
    kind: 'config.weakened',
    tenant: 'default',
    weakened: ['mcp_gateway_mode=shadow'],
  })
  notice(
    'SHADOW MODE: calls are decided and recorded, and RUN WHATEVER THE POLICY SAYS. Nothing is enforced.',
  )
}

import type { Period } from './population.ts'

/** What came of an export. */
export type EvidencePack = {
  directory: string
  period: Period
  /** Streams that are in the pack, and those outside of the period, which are not. */
  streams: number
  leftOut: number
  /** Of the period. */
  records: number
  decisions: number
  sampled: number
  /** Records of the pack that no checkpoint covers. */
  unsigned: number
  /** Keys in `policy.txt` that the log was not told of by another key: 1, unless the first was lost or one was added. */
  roots: number
}

/** What the pack is, the one command that checks it, and what that does not show. */
export function packReadme(told: EvidencePack & { source: string; hasPolicy: boolean }): string {
  const { period, streams, leftOut, records, decisions, sampled, unsigned, roots } = told
  const { source, hasPolicy } = told
  const policy = hasPolicy ? ' --policy policy.txt' : ''
  return `# Evidence of decisions about tool calls

| | |
| --- | --- |
| period | ${period.from} to ${period.to} |
| taken from | ${source} |
| streams, whole | ${streams} |
| streams that lie outside of the period, left out | ${leftOut} |
| records in the period | ${records} |
| decisions in the period | ${decisions} |
| decisions drawn, with proofs | ${sampled} |
| records that no checkpoint covers | ${unsigned} |

## Check it

In this folder, without a network:

\`\`\`sh
sha256sum -c --quiet SHA256SUMS
npx @lelu/cli audit verify .${policy}
\`\`\`

Exit code 0: every record is as it was written, in an unbroken order, and each stream is complete up to
its signed checkpoint. Other codes say what is wrong and where. The command also says what it does not show.

${trusted(hasPolicy, roots)}

## What is in it

| file | what |
| --- | --- |
| \`v1/\` | the streams, as they lie in the archive: records (\`seg/\`), signed checkpoints (\`cp/\`), public keys |
| \`pack.json\` | what the pack holds, and what was wrong with the log where it was taken from |
| \`left-out/\` | the signed last record of each stream that ended before the period, to show that it did |
| \`population.csv\` | how many records of each kind on each day (UTC), with the first and the last of them |
| \`streams.csv\` | each stream with how many records it has and how many of them its checkpoint covers |
| \`proofs/\` | a sample of decisions, drawn by the SHA-256 of their ids: the stored line, and a proof (C2SP tlog-proof) that it is in the signed tree |
| \`retention.json\` | how the archive holds each object, and what it was seen to refuse when the streams began |
| \`policy.txt\` | whose signatures count (C2SP tlog-policy) |
| \`vkeys.txt\` | the same keys as signers of each stream, for other tools |
| \`SHA256SUMS\` | the files of this pack |

Streams are copied whole, also what of them lies outside of the period: a signed root can only be recomputed from
all the records that it covers.

## With other tools

The formats are public: C2SP signed-note, tlog-checkpoint, tlog-proof and tlog-policy, RFC 6962 hashes. A leaf is the
SHA-256 of a zero byte and the stored line without its newline. Go's \`golang.org/x/mod/sumdb/note\` opens each
checkpoint, and its \`tlog\` package checks each proof: \`docs/audit/verify-with-go\` in Lelu's repository does that.
`
}

function trusted(hasPolicy: boolean, roots: number): string {
  if (!hasPolicy)
    return 'The log has no keys: nobody has signed it, and only its order can be checked.'
  const several =
    roots < 2
      ? ''
      : `\n**The log has ${roots} first keys that no other key introduced.** Ask why: one was lost, or somebody added one.`
  return `\`policy.txt\` says whose signatures count. It came with the pack, so compare each key in it with one that you
were given in another way: whoever could write the whole pack could also write that file.${several}`
}

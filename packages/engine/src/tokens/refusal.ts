import { LeluError } from '../errors.ts'

/** Why a token was not taken: one word for each check, in the order of the checks. */
export const tokenRefusals = {
  token_malformed: 'it is not a compact JWS of at most 4096 characters',
  token_header:
    'its header is not that of an approval token (alg EdDSA, typ lelu-approval+jwt, known members only)',
  token_key_unknown: 'no key of this engine has its key id',
  token_signature: 'its signature does not hold',
  token_issuer: 'another issuer made it',
  token_audience: 'it is meant for another executor, or for several',
  token_expired: 'it has expired',
  token_time: 'its times are missing, in the future, or more than 300 seconds apart',
  token_claims: 'a claim is missing or has the wrong shape',
  token_tenant: 'it belongs to another tenant',
  token_subject: 'it was minted for another agent',
  token_superseded: 'a later token was minted for the same approval, or this one was spent',
  token_call: 'it is for another tool, input or schema than the approval holds',
  token_revoked: 'it was revoked, or its agent, user, key or tenant was',
} as const

/** Why a token was refused: `details.reason` of `LELU_TOKEN_REFUSED`. */
export type TokenRefusal = keyof typeof tokenRefusals

const again =
  'Resume the approval again to mint a fresh token, or let the agent ask again in a call of its own.'

const helps: { readonly [reason in TokenRefusal]?: string } = {
  // Where it may be whoever asks that is wrong, and not the token.
  token_malformed: `Pass the whole token, as it was minted. ${again}`,
  token_key_unknown: `Ask with the key ring that signed it (\`directory\`, \`keys\`). ${again}`,
  token_issuer: `Ask with the \`issuer\` that made it (of the command: --issuer). ${again}`,
  token_audience: `Ask with the \`audience\` it is for (of the command: --audience). ${again}`,
  // Where another token for the same approval would be refused as well.
  token_revoked:
    'Another resume of it is refused as well: let the agent ask again, in a call of its own. Where the signing key was revoked, a new one in the key ring comes first.',
  token_subject: 'Resume it as the agent whose call was approved.',
}

/** `LELU_TOKEN_REFUSED` with the word of the failed check in `details.reason`; `key`: it is the signing key that was revoked. */
export function refuseToken(reason: TokenRefusal, cause?: unknown, key?: string): LeluError {
  return new LeluError('LELU_TOKEN_REFUSED', `The token was refused: ${tokenRefusals[reason]}.`, {
    help: `Nothing was run. ${helps[reason] ?? again}`,
    details: { reason, ...(key !== undefined && { key }) },
    cause,
  })
}

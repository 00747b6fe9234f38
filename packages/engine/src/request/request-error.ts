import { LeluError } from '../errors.ts'

/** `LELU_REQUEST_INVALID` at a path like `call.input.amount`. Says where and why, never the value itself. */
export function requestInvalid(
  path: string,
  why: string,
  help: string,
  cause?: unknown,
): LeluError {
  const place = path === '' ? 'The request' : `\`${path}\` of the request`
  return new LeluError('LELU_REQUEST_INVALID', `${place} ${why}.`, {
    help,
    details: { path },
    ...(cause !== undefined && { cause }),
  })
}

/** `LELU_INPUT_TOO_LARGE`, for a part of a request or a whole text. Sizes are in bytes. */
export function inputTooLarge(path: string, maxBytes: number): LeluError {
  const place = path === '' ? 'The request' : `\`${path}\` of the request`
  return new LeluError('LELU_INPUT_TOO_LARGE', `${place} is larger than ${maxBytes} bytes.`, {
    help: 'Pass a reference (a path, a URL, a hash) in place of the content, or raise `maxInputBytes`.',
    details: { path, maxBytes },
  })
}

import { isIPv4, isIPv6 } from 'node:net'

const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/

/**
 * `lelu.plain_ip`: an address or a network in the form that OPA's Wasm takes, undefined for what is none to OPA. IPv4 that is
 * written as IPv6 becomes IPv4: to OPA both are one, and to its Wasm two, so that `::ffff:169.254.169.254` would be in no
 * network that a policy denies.
 */
export function plainIp(text: string): string | undefined {
  const [address = '', bits, more] = text.split('/')
  if (more !== undefined || !/^\d*$/.test(bits ?? '0') || bits === '') return undefined
  if (isIPv4(address)) return network(address, bits, 0, 32)
  if (!isIPv6(address) || address.includes('%')) return undefined
  const found = mapped.exec(new URL(`http://[${address}]/`).hostname)
  // A network of less than 96 bits is larger than all of IPv4.
  if (found === null || Number(bits ?? 128) < 96) return network(address, bits, 0, 128)
  const plain = [found[1], found[2]]
    .map((part) => Number.parseInt(part as string, 16))
    .map((part) => `${part >> 8}.${part & 255}`)
    .join('.')
  return network(plain, bits, 96, 32)
}

function network(
  address: string,
  bits: string | undefined,
  less: number,
  most: number,
): string | undefined {
  if (bits === undefined) return address
  const size = Number(bits) - less
  return size <= most ? `${address}/${size}` : undefined
}

import { crc32, inflateRaw, type ZlibOptions } from 'node:zlib'
import { SegmentDamage } from './source.ts'

/** More than any segment holds; stops a few kilobytes that unpack to gigabytes. Bytes. */
const longestSegment = 64 * 1024 * 1024
/** RFC 1952 §2.3, without the optional fields: the writer sets none, and what stands in them is in no hash. */
const headLength = 10
const tailLength = 8

/**
 * Unpacks exactly one gzip member. Node's gunzip goes on with whatever member follows, so bytes that somebody appended
 * would be read as records. `damage` comes with the bytes that could be unpacked.
 */
export async function unpackMember(
  packed: Buffer,
): Promise<{ bytes: Buffer; damage: SegmentDamage | undefined }> {
  const nothing = Buffer.alloc(0)
  const head = packed.subarray(0, headLength)
  if (packed.length < headLength + tailLength || head.readUInt32BE(0) !== 0x1f8b0800) {
    return { bytes: nothing, damage: edited('it is no plain gzip member') }
  }
  const inflated = await inflate(packed.subarray(headLength)).catch(() => undefined)
  if (inflated === undefined) return { bytes: nothing, damage: edited('it cannot be unpacked') }
  const { bytes, used } = inflated
  const tail = packed.subarray(headLength + used)
  if (tail.length < tailLength) return { bytes, damage: edited('its end is missing') }
  if (tail.readUInt32LE(0) !== crc32(bytes) || tail.readUInt32LE(4) !== bytes.length % 2 ** 32) {
    return { bytes, damage: edited('its checksum is not that of its content') }
  }
  if (tail.length === tailLength) return { bytes, damage: undefined }
  const message = `${tail.length - tailLength} bytes stand behind the end of the packed segment`
  return { bytes, damage: new SegmentDamage('extra_bytes', message) }
}

const edited = (why: string) =>
  new SegmentDamage('edited', `the segment is not as it was written: ${why}`)

/** `used`: how many bytes the packed stream had. */
function inflate(packed: Buffer): Promise<{ bytes: Buffer; used: number }> {
  // `info` answers the engine beside the bytes; the types of Node know it for no call.
  const options = { info: true, maxOutputLength: longestSegment } as ZlibOptions
  return new Promise((resolve, reject) => {
    inflateRaw(packed, options, (error, result) => {
      if (error !== null) return reject(error)
      const { buffer, engine } = result as unknown as {
        buffer: Buffer
        engine: { bytesWritten: number }
      }
      resolve({ bytes: buffer, used: engine.bytesWritten })
    })
  })
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { v2Listener } from '../../packages/mcp/test/gateway/fixtures/v2-http.ts'

/** An upstream server in a process of its own, as upstream servers are. It answers clients of both eras. */
const server = createServer(v2Listener('stateless'))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit(0))

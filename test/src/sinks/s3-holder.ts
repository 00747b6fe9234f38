// A process that runs an S3 server and is then killed, by the test of the server.
import { startS3 } from '@lelu/testing'

const { endpoint, folder } = await startS3()
process.stdout.write(JSON.stringify({ endpoint, folder }))
setInterval(() => {}, 1_000)

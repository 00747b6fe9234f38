// The entry of the compiler's thread. One request at a time; it ends itself when the module broke.
import { parentPort, workerData } from 'node:worker_threads'
import { type Instance, type InstanceOptions, startInstance } from './instance.ts'

/** `failure` means: nothing is known about the policy, and this thread is finished. */
export type WorkerReply = { response: string; memoryBytes: number } | { failure: string }

const options = workerData as InstanceOptions
let instance: Instance | undefined

parentPort?.on('message', (request: string) => {
  answer(request).then(
    (reply) => parentPort?.postMessage(reply),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      const words = instance?.lastWords().trim()
      // A module that trapped has undefined memory: the thread is left after this reply.
      const failure: WorkerReply = { failure: words ? `${reason}: ${words}` : reason }
      parentPort?.postMessage(failure)
      parentPort?.close()
    },
  )
})

async function answer(request: string): Promise<WorkerReply> {
  instance ??= await startInstance(options)
  const response = instance.call(request)
  return { response, memoryBytes: instance.memoryBytes() }
}

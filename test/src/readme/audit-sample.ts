import { s3Sink } from '@lelu/audit/s3'
import { createLelu } from '@lelu/engine'

export const openLelu = () =>
  createLelu({
    policies: './policies',
    archive: s3Sink({ bucket: 'example-audit', lock: { mode: 'COMPLIANCE', days: 365 } }),
  })

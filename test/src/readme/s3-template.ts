import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))
export const page: string = readFileSync(join(docs, 's3.md'), 'utf8')

export type Statement = {
  Sid: string
  Effect: 'Allow' | 'Deny'
  Action: string | string[]
  Resource?: unknown
  NotResource?: unknown
  Condition?: Record<string, Record<string, unknown>>
}
type Resource = { Type: string; DeletionPolicy?: string; Properties: Record<string, unknown> }
export type Template = {
  Parameters: Record<string, object>
  Resources: Record<string, Resource>
  Outputs: Record<string, object>
}

/** The CloudFormation template of docs/s3.md. */
export const template: Template = parse(readFileSync(join(docs, 's3/lelu-audit.yaml'), 'utf8'))

export function statementsOf(resource: string): Statement[] {
  const document = template.Resources[resource]?.Properties.PolicyDocument
  return (document as { Statement: Statement[] }).Statement
}

/** What one of its policies allows, such as `s3:PutObject`. */
export function allowedBy(resource: string): string[] {
  const allowed = statementsOf(resource).filter(({ Effect }) => Effect === 'Allow')
  return allowed.flatMap(({ Action }) => Action)
}

import { describe, expect, it } from 'vitest'
import { allowedBy, page, statementsOf, template } from './s3-template.ts'

/** The permissions in the rows of a table that begin with `who`. */
function inTable(who: string): string[] {
  const rows = page.split('\n').filter((line) => line.startsWith(`| ${who} `))
  expect(rows.length).toBeGreaterThan(0)
  const cells = rows.map((row) => row.split('|')[2] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => `s3:${match[1]}`))
}

describe('the template of the bucket', () => {
  it('gives the writer and the reader what the page says', () => {
    expect(page).toContain('](s3/lelu-audit.yaml)')
    expect(allowedBy('Writer').sort()).toEqual(inTable('writer').sort())
    expect(allowedBy('Reader').sort()).toEqual(inTable('reader').sort())
  })

  it('lets the writer delete nothing but trials of the lock', () => {
    const deletes = statementsOf('Writer').filter(
      ({ Effect, Action }) => Effect === 'Allow' && `${Action}`.includes('Delete'),
    )
    expect(deletes).toHaveLength(1)
    expect(deletes[0]?.Resource).toEqual({ 'Fn::Sub': `\${Bucket.Arn}/\${Prefix}v1/_canary/*` })
    const denied = statementsOf('Writer').find(({ Effect }) => Effect === 'Deny')?.Action
    expect(denied).toEqual(inTable('the writer, denied').sort())
  })

  it('locks the bucket, keeps versions, and outlives its stack', () => {
    const { DeletionPolicy, Properties } = template.Resources.Bucket ?? expect.fail()
    expect(DeletionPolicy).toBe('Retain')
    expect(Properties).toMatchObject({
      ObjectLockEnabled: true,
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { BlockPublicPolicy: true, RestrictPublicBuckets: true },
    })
  })

  it('expires trials of the lock, and nothing else', () => {
    const { Properties } = template.Resources.Bucket ?? expect.fail()
    const { Rules } = Properties.LifecycleConfiguration as { Rules: { Prefix: unknown }[] }
    const prefixes = Rules.map(({ Prefix }) => Prefix)
    expect(prefixes).toEqual([{ 'Fn::Sub': `\${Prefix}v1/_canary/` }])
  })

  it('refuses whatever is unheld, held for less, put twice or deleted, from everybody', () => {
    const rules = Object.fromEntries(statementsOf('BucketRules').map((rule) => [rule.Sid, rule]))
    const outside = { 'Fn::Sub': `\${Bucket.Arn}/\${Prefix}v1/_canary/*` }
    const common = { Effect: 'Deny', Principal: '*', NotResource: outside }
    expect(rules).toMatchObject({
      NothingUnheld: {
        ...common,
        Condition: { StringNotEquals: { 's3:object-lock-mode': { Ref: 'Mode' } } },
      },
      NothingHeldForLess: {
        ...common,
        Condition: {
          NumericLessThan: { 's3:object-lock-remaining-retention-days': { Ref: 'LeastDays' } },
        },
      },
      NothingTwice: { ...common, Condition: { Null: { 's3:if-none-match': 'true' } } },
      NothingHiddenOrDeleted: {
        ...common,
        Action: inTable('nobody').sort(),
      },
    })
  })

  it('refers to nothing that it does not have', () => {
    const names = new Set([...Object.keys(template.Parameters), ...Object.keys(template.Resources)])
    const text = JSON.stringify([template.Resources, template.Outputs])
    const references = [
      ...[...text.matchAll(/"Ref":"([^"]+)"/g)],
      ...[...text.matchAll(/"Fn::GetAtt":\["([^"]+)"/g)],
      ...[...text.matchAll(/\$\{([A-Za-z]+)/g)],
    ].map((match) => match[1] as string)
    expect(references.length).toBeGreaterThan(15)
    for (const name of references) expect(names).toContain(name)
    const used = Object.keys(template.Parameters).filter((name) => !references.includes(name))
    expect(used).toEqual([])
  })
})

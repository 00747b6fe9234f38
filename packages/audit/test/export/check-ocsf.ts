import { readFileSync } from 'node:fs'

type Attribute = {
  type: string
  required?: true
  profile?: string
  array?: true
  object?: string
  enum?: (number | string)[]
}
type Shape = {
  attributes: Record<string, Attribute>
  constraints?: { at_least_one?: string[]; just_one?: string[] }
}
type Schema = { version: string; classes: Record<string, Shape>; objects: Record<string, Shape> }

/** The classes that are used, and all objects below them, taken from the published OCSF 1.6.0 schema. */
const schema = JSON.parse(
  readFileSync(new URL('./ocsf-1.6.0.json', import.meta.url), 'utf8'),
) as Schema

const whole = new Set(['integer_t', 'long_t', 'timestamp_t', 'port_t'])

/** What an event breaks of its class: attributes that are missing or not known, types, enumerations, constraints. */
export function ocsfProblems(event: Record<string, unknown>): string[] {
  const shape = schema.classes[String(event.class_uid)]
  if (shape === undefined) return [`there is no class ${event.class_uid}`]
  const { version, profiles } = event.metadata as { version: string; profiles: string[] }
  const problems = check(event, shape, '', new Set(profiles))
  if (version !== schema.version) problems.push(`version ${version}`)
  const typeId = Number(event.class_uid) * 100 + Number(event.activity_id)
  if (event.type_uid !== typeId) problems.push('type_uid is not of the class and the activity')
  return problems
}

function check(
  value: Record<string, unknown>,
  { attributes, constraints = {} }: Shape,
  path: string,
  profiles: ReadonlySet<string>,
): string[] {
  const problems: string[] = []
  for (const [name, { required, profile }] of Object.entries(attributes)) {
    const applies = profile === undefined || profiles.has(profile)
    if (required && applies && value[name] === undefined) problems.push(`${path}${name} is missing`)
  }
  for (const [name, member] of Object.entries(value)) {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    if (attribute === undefined) problems.push(`${path}${name} is not in the schema`)
    else if (attribute.profile !== undefined && !profiles.has(attribute.profile))
      problems.push(`${path}${name} needs the profile ${attribute.profile}`)
    else problems.push(...checkAttribute(member, attribute, `${path}${name}`, profiles))
  }
  const { at_least_one = [], just_one = [] } = constraints
  const count = (names: string[]) => names.filter((name) => value[name] !== undefined).length
  if (at_least_one.length > 0 && count(at_least_one) === 0)
    problems.push(`${path} has none of ${at_least_one}`)
  if (just_one.length > 0 && count(just_one) !== 1)
    problems.push(`${path} has not one of ${just_one}`)
  return problems
}

function checkAttribute(
  value: unknown,
  attribute: Attribute,
  path: string,
  profiles: ReadonlySet<string>,
): string[] {
  if (attribute.array) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    const one = { ...attribute }
    delete one.array
    return value.flatMap((item, index) => checkAttribute(item, one, `${path}[${index}]`, profiles))
  }
  const { type, object } = attribute
  if (attribute.enum !== undefined && !attribute.enum.includes(value as number))
    return [`${path} is ${JSON.stringify(value)}, which is not in its enumeration`]
  if (type === 'object_t') {
    if (typeof value !== 'object' || value === null) return [`${path} is no object`]
    const shape = object === undefined ? undefined : schema.objects[object]
    // `object` is free-form: unmapped data.
    if (object === 'object') return []
    if (shape === undefined) return [`${path}: the object ${object} is not in the extract`]
    return check(value as Record<string, unknown>, shape, `${path}.`, profiles)
  }
  if (type === 'json_t') return []
  if (whole.has(type)) return Number.isSafeInteger(value) ? [] : [`${path} is no whole number`]
  if (type === 'boolean_t') return typeof value === 'boolean' ? [] : [`${path} is no boolean`]
  if (type === 'file_hash_t')
    return /^[a-fA-F0-9]+$/.test(String(value)) ? [] : [`${path} is no hash`]
  return typeof value === 'string' && value !== '' ? [] : [`${path} is no text`]
}

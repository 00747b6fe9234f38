import type { StoreCase } from '../case.ts'
import { changeCases } from './changes.ts'
import { cutCases } from './cuts.ts'
import { deadlineCases } from './deadlines.ts'
import { decisionCases } from './decisions.ts'
import { killCases } from './kills.ts'
import { outageCases } from './outages.ts'
import { raceCases } from './races.ts'
import { replyCases } from './replies.ts'
import { sequenceCases } from './sequences.ts'
import { voteCases } from './votes.ts'

/** Every case there is, by what it is about. */
export const groups: Record<string, readonly StoreCase[]> = {
  'has one winner': [...raceCases, ...decisionCases, ...replyCases],
  'counts votes': voteCases,
  'survives its processes': killCases,
  'keeps to its clock': deadlineCases,
  'follows the policy and the table': [...changeCases, ...sequenceCases],
  'fails closed': [...outageCases, ...cutCases],
}

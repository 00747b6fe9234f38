// The fakes alone, without the servers and the suites: what a process of its own loads with its harness.
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { argumentsText, type FakeModel, fakeModel, lastWord } from './fake-model.ts'
export { deniedAmount, suitePolicy } from './policy.ts'

export type Dying = {
  /** Every step of the process goes through here: before or after one of them it dies. */
  counted<T>(operation: () => T | Promise<T>): Promise<T>
  /** How many steps there were. */
  steps(): number
}

/** A process that kills itself (SIGKILL) right before or after its n-th step; never at 0. */
export function dyingAt(killStep: number, side: string): Dying {
  let step = 0
  const dieAt = (mine: number) => {
    if (mine === killStep) process.kill(process.pid, 'SIGKILL')
  }
  return {
    async counted(operation) {
      step += 1
      const mine = step
      if (side === 'before') dieAt(mine)
      const value = await operation()
      if (side === 'after') dieAt(mine)
      return value
    },
    steps: () => step,
  }
}

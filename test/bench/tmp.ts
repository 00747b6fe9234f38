import { cycleFigures } from './decide.ts'
for (let i=0;i<3;i++) for (const f of await cycleFigures(false)) console.log(JSON.stringify(f))
process.exit(0)

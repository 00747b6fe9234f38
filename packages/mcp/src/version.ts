/** The same as in package.json: a test sees to it. */
export const version = '0.1.0'

/** How a call was decided, by the id that the page knows it by. The server and its page say it alike. */
export type Decided = { id: string; approved: boolean; reason?: string }

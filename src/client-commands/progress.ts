/** Says what is being done: a line on a terminal, nothing elsewhere. */
export type Progress = (text: string) => void

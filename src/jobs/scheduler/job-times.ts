/** The runs of a job in this process, including runs that found no work. */
export interface JobTimes {
  readonly name: string
  readonly everySeconds: number
  readonly lastStartedAt: Date | undefined
  /** End of the last run without a failure. */
  readonly lastSucceededAt: Date | undefined
  /** Start of the next run, unless the job is woken earlier. Undefined if the job is stopping. */
  readonly nextRunAt: Date | undefined
}

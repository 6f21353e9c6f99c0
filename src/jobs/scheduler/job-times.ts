/** The runs of a job in the current process, including runs that found no work. */
export interface JobTimes {
  readonly name: string
  readonly everySeconds: number
  readonly lastStartedAt: Date | undefined
  /** Time at which the last successful run ended. */
  readonly lastSucceededAt: Date | undefined
  /** Time at which the next run starts unless the job is woken earlier; undefined if the job is stopping. */
  readonly nextRunAt: Date | undefined
}

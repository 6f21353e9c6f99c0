import { eraseAuthorities } from './erase-authorities.ts'
import { finishCreation } from './finish-creation.ts'
import { forgetTokens } from './forget-tokens.ts'
import type { Job } from './scheduler.ts'

/** Every job of the server. */
export const jobs: readonly Job[] = [finishCreation, eraseAuthorities, forgetTokens]

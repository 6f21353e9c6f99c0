/** Shapes shared by several operations (STS API, Data types). */
import { integer, list, required, string, structure, timestamp } from '../wire/shapes/shape.ts'

const text =
  '[\\t\\n\\r\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]+'
const tagText = '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*'

/** Members that specify the role and the session name. */
export const roleMembers = {
  RoleArn: required(string({ min: 20, max: 2048, pattern: text })),
  RoleSessionName: required(string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })),
} as const

/** Members that specify a session's duration, policies and tags. */
export const sessionMembers = {
  PolicyArns: list(structure({ arn: string({ min: 20, max: 2048, pattern: text }) })),
  Policy: string({ min: 1, max: 2048, pattern: '[\\t\\n\\r\\u0020-\\u00FF]+' }),
  DurationSeconds: integer({ min: 900, max: 43_200 }),
} as const

const tagKey = string({ min: 1, max: 128, pattern: tagText })
export const sessionTags = list(
  structure({ Key: required(tagKey), Value: required(string({ max: 256, pattern: tagText })) }),
  { max: 50 },
)
export const transitiveTagKeys = list(tagKey, { max: 50 })
export const sourceIdentity = string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })

export const credentials = structure({
  AccessKeyId: string(),
  SecretAccessKey: string(),
  SessionToken: string(),
  Expiration: timestamp(),
})
export const assumedRoleUser = structure({ AssumedRoleId: string(), Arn: string() })
export const packedPolicySize = integer()

/** Shapes of users, roles, access keys and identity providers, with the same member names as in AWS's IAM API. */
import {
  boolean,
  enumeration,
  integer,
  list,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'

/** Name of a user or role. */
export const principalName = string({ min: 1, max: 64, pattern: String.raw`[\w+=,.@-]+` })

const tags = list(structure({ Key: string(), Value: string() }))

/** The policy document is JSON text. */
const policy = structure({ PolicyName: string(), PolicyDocument: string() })

const userMembers = {
  UserName: string(),
  UserId: string(),
  AccountId: string(),
  Arn: string(),
  Tags: tags,
  CreateDate: timestamp(),
  PolicyCount: integer(),
  AccessKeyCount: integer(),
  LastUsedDate: timestamp(),
}

const accessKeyMembers = {
  AccessKeyId: string(),
  AccountId: string(),
  UserName: string(),
  ServicePrincipal: string(),
  SourceArn: string(),
  Status: enumeration(['Active', 'Inactive']),
  CreateDate: timestamp(),
  HasPolicy: boolean(),
  LastUsedDate: timestamp(),
  LastUsedRegion: string(),
  LastUsedService: string(),
}

const roleMembers = {
  RoleName: string(),
  RoleId: string(),
  AccountId: string(),
  Arn: string(),
  MaxSessionDuration: integer(),
  Tags: tags,
  CreateDate: timestamp(),
  PolicyCount: integer(),
}

export const userShape = structure(userMembers)
export const accessKeyShape = structure(accessKeyMembers)
export const roleShape = structure(roleMembers)

export const userDetailsShape = structure({
  ...userMembers,
  Policies: list(policy),
  AccessKeys: list(structure({ ...accessKeyMembers, PolicyDocument: string() })),
})

export const roleDetailsShape = structure({
  ...roleMembers,
  AssumeRolePolicyDocument: string(),
  Policies: list(policy),
})

export const providerShape = structure({
  Arn: string(),
  AccountId: string(),
  Url: string(),
  ClientIDList: list(string()),
  KeySource: enumeration(['ISSUER', 'STORED']),
  Keys: list(structure({ KeyId: string(), KeyType: string(), Thumbprint: string() })),
  CreateDate: timestamp(),
})

import { hostname } from 'node:os'
import { ServiceError } from '../../errors.ts'
import { version } from '../../version.ts'
import {
  enumeration,
  integer,
  list,
  long,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { requireOperator } from './require-operator.ts'

const server = structure({
  Version: required(string()),
  NodeVersion: required(string()),
  Host: required(string()),
  StartedAt: required(timestamp()),
  CurrentTime: required(timestamp()),
  Workers: required(integer()),
  Health: required(
    structure({ Status: required(enumeration(['OK', 'UNAVAILABLE'])), Reason: string() }),
  ),
  Database: required(
    structure({
      Engine: required(string()),
      SchemaVersion: required(integer()),
      SizeBytes: required(long()),
    }),
  ),
  KeyStores: required(list(structure({ Store: required(string()), Standard: string() }))),
  PublicUrl: required(string()),
  Settings: required(
    list(
      structure({
        Name: required(string()),
        Group: required(string()),
        Value: string(),
        Source: required(enumeration(['FLAG', 'ENVIRONMENT', 'DEFAULT'])),
      }),
    ),
  ),
})

/**
 * Returns the version, health and settings of the server that responds to the call. Secret settings are redacted. AWS has no
 * equivalent operation (decision 0046).
 */
export const describeServer = operation({
  name: 'DescribeServer',
  actionPrefix: 'signet',
  input: structure({}),
  output: structure({ Server: required(server) }),
  errors: [],
  resource: () => undefined,
  async run({ db, clock, server: info, publicUrl }, _input, caller) {
    await requireOperator({ db }, caller, 'DescribeServer')
    const [{ startedAt, workers }, failure, sizeBytes] = await Promise.all([
      info.state(),
      info.health(),
      db.sizeBytes(),
    ])
    return {
      Server: {
        Version: version(),
        NodeVersion: process.versions.node,
        Host: hostname(),
        StartedAt: startedAt,
        CurrentTime: clock.now(),
        Workers: workers,
        Health: failure === undefined ? { Status: 'OK' as const } : unavailable(failure),
        Database: {
          Engine: info.database.engine,
          SchemaVersion: info.database.schemaVersion,
          SizeBytes: sizeBytes,
        },
        KeyStores: info.keyStores.map(({ store, standard }) => ({
          Store: store,
          ...(standard !== undefined && { Standard: standard }),
        })),
        PublicUrl: publicUrl,
        Settings: info.settings.map(({ name, group, value, source }) => ({
          Name: name,
          Group: group,
          Source: source,
          ...(value !== undefined && { Value: value }),
        })),
      },
    }
  },
})

/** The message of a ServiceError is meant for callers, whereas other messages may reveal internals. */
function unavailable(failure: Error) {
  const Reason =
    failure instanceof ServiceError ? failure.message : 'The server log contains the cause.'
  return { Status: 'UNAVAILABLE' as const, Reason }
}

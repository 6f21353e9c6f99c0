import { viewAccessKey } from '../../principals/views.ts'
import { listAccessKeys as listKeyRows, listAccessKeysOfUser } from '../../store/access-keys.ts'
import { list, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { readListPage } from '../shared/read-list.ts'
import { accessKeyShape, principalName } from './shapes.ts'
import { requireUser } from './users.ts'

/**
 * Lists the access keys of the account or of one user, oldest first and without secrets. AWS has no equivalent operation in
 * this API (decision 0045).
 */
export const listAccessKeys = operation({
  name: 'ListAccessKeys',
  actionPrefix: 'signet',
  input: structure({ UserName: principalName, MaxResults: maxResults, NextToken: nextToken }),
  output: structure({ NextToken: nextToken, AccessKeys: list(accessKeyShape) }),
  errors: ['InvalidNextTokenException', 'ResourceNotFoundException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { db } = services
    const user =
      input.UserName === undefined ? undefined : await requireUser(db, caller, input.UserName)
    const { rows, more } = await readListPage(services, input, {
      operation: 'ListAccessKeys',
      filter: user?.userId ?? '',
      caller,
      parsePosition(text) {
        const [time, accessKeyId = ''] = text.split(' ')
        return { createdAt: new Date(Number(time)), accessKeyId }
      },
      read: (page) =>
        user === undefined
          ? listKeyRows(db, caller.accountId, page)
          : listAccessKeysOfUser(db, user.userId, page),
      positionOf: ({ createdAt, accessKeyId }) => `${createdAt.getTime()} ${accessKeyId}`,
    })
    return { ...more, AccessKeys: rows.map(viewAccessKey) }
  },
})

import { listTags as listTagRows } from '../../store/tags.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { readPage } from '../shared/read-page.ts'
import { arn, maxResults, nextToken, tagList } from '../shared/shapes.ts'
import { tagViewOf } from './tag-view.ts'

/** Maximum number of tags on a page, which is higher than the default quota for tags on a CA. */
const pageSizeMax = 100

/** Lists a CA's tags in pages (AWS Private CA API, ListTags). */
export const listTags = authorityOperation({
  name: 'ListTags',
  input: structure({
    MaxResults: maxResults,
    NextToken: nextToken,
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    NextToken: nextToken,
    Tags: tagList,
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'administer',
  async run(services, input, { authority, arn: authorityArn, caller }) {
    const { arn: callerArn, region } = caller
    const { rows, more } = await readPage(services.pageTokens, {
      scope: { operation: 'ListTags', callerArn, region, resource: authorityArn },
      nextToken: input.NextToken,
      limit: input.MaxResults ?? pageSizeMax,
      errorCode: 'ValidationException',
      read: (after = '', limit) => listTagRows(services.db, authority.number, { after, limit }),
      positionOf: (row) => row.key,
    })
    return { ...more, Tags: rows.map(tagViewOf) }
  },
})

import { requireOwnTags } from '../../authority/tags.ts'
import { deleteTag } from '../../store/tags.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn, tagList } from '../shared/shapes.ts'
import { tagKeys, tagOf } from './tag-view.ts'

/** Removes tags from a CA (AWS Private CA API, UntagCertificateAuthority). */
export const untagCertificateAuthority = authorityOperation({
  name: 'UntagCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Tags: required(tagList),
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'InvalidTagException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  conditionKeys: tagKeys,
  event: 'administer',
  async run(services, input, { authority }) {
    const tags = input.Tags.map(tagOf)
    requireOwnTags(tags)
    await services.db.transaction(tags.map((tag) => deleteTag(authority.number, tag)))
  },
})

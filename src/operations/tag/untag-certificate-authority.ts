import { requireOwnTags } from '../../authority/tags.ts'
import { deleteTag } from '../../store/tags.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn, tagList } from '../shared/shapes.ts'
import { tagKeys, tagOf } from './tag-view.ts'

/** Removes tags from a CA (AWS Private CA API, UntagCertificateAuthority). */
export const untagCertificateAuthority = operation({
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
  async run(services, input, caller) {
    const { authority } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'administer',
    })
    const tags = input.Tags.map(tagOf)
    requireOwnTags(tags)
    await services.db.transaction(tags.map((tag) => deleteTag(authority.number, tag)))
  },
})

import { recorded } from '../../store/recorded-states.ts'
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
  async run(services, input, { authority, caller, now }) {
    const tags = input.Tags.map(tagOf)
    requireOwnTags(tags)
    const context = { time: now, actor: { principal: caller.arn }, authority: authority.number }
    await services.db.transaction(
      recorded(
        tags.map((tag) => deleteTag(authority, tag)),
        context,
      ),
    )
  },
})

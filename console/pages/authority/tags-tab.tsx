/** The tab with a CA's tags. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TagEditor, { type TagEditorProps } from '@cloudscape-design/components/tag-editor'
import { useState, type ReactNode } from 'react'
import { listAll, type Client } from '../../api/client.ts'
import type { Tag } from '../../api/types.ts'
import { useCall } from '../../app/use-call.ts'
import { useSubmit } from '../../app/use-submit.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { LoadedView } from '../../widgets/loaded-view.tsx'

export function TagsTab({ arn }: { readonly arn: string }): ReactNode {
  const loaded = useCall(`tags ${arn}`, async (client, signal) => {
    const { items } = await listAll(client, 'ListTags', {
      input: { CertificateAuthorityArn: arn },
      signal,
      items: ({ Tags }) => Tags,
    })
    return items
  })
  return (
    <LoadedView loaded={loaded} what="tags" action="List tags">
      {(tags) => (
        <TagForm key={JSON.stringify(tags)} arn={arn} tags={tags} onChanged={loaded.reload} />
      )}
    </LoadedView>
  )
}

interface TagFormProps {
  readonly arn: string
  readonly tags: readonly Tag[]
  readonly onChanged: () => void
}

function TagForm({ arn, tags, onChanged }: TagFormProps): ReactNode {
  const [edited, setEdited] = useState<readonly TagEditorProps.Tag[]>(() =>
    tags.map(({ Key, Value = '' }) => ({ key: Key, value: Value, existing: true })),
  )
  const [isValid, setValid] = useState(true)
  const { submit, isRunning, error } = useSubmit(
    (client) => saveTags(client, { arn, tags, edited }),
    { done: 'The tags are saved.', onDone: onChanged },
  )
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Tags can show who owns a CA, and policies can refer to tags."
          actions={
            <Button variant="primary" loading={isRunning} disabled={!isValid} onClick={submit}>
              Save
            </Button>
          }
        >
          Tags
        </Header>
      }
    >
      <SpaceBetween size="m">
        <TagEditor
          tags={[...edited]}
          tagLimit={50}
          onChange={({ detail }) => {
            setEdited(detail.tags)
            setValid(detail.valid)
          }}
        />
        <ApiAlert error={error} action="Save the tags" />
      </SpaceBetween>
    </Container>
  )
}

interface TagChange {
  readonly arn: string
  readonly tags: readonly Tag[]
  readonly edited: readonly TagEditorProps.Tag[]
}

async function saveTags(client: Client, { arn, tags, edited }: TagChange): Promise<void> {
  const input = { CertificateAuthorityArn: arn }
  const kept = edited.filter(({ markedForRemoval }) => markedForRemoval !== true)
  const removed = tags.filter(({ Key }) => !kept.some(({ key }) => key === Key))
  const changed = kept.filter(
    ({ key, value }) => !tags.some((tag) => tag.Key === key && (tag.Value ?? '') === value),
  )
  if (removed.length > 0)
    await client.call('UntagCertificateAuthority', { ...input, Tags: removed })
  if (changed.length > 0) {
    const Tags = changed.map(({ key, value }) => ({ Key: key, Value: value }))
    await client.call('TagCertificateAuthority', { ...input, Tags })
  }
}

/** The tab with a CA's resource policy, which shares the CA with principals and accounts. */
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { useState, type ReactNode } from 'react'
import { toApiError } from '../../api/errors.ts'
import { useCall } from '../../app/use-call.ts'
import { useSubmit } from '../../app/use-submit.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { policyProblem } from './policy-problem.ts'
import { PolicySimulator } from './policy-simulator.tsx'

export function PolicyTab({ arn }: { readonly arn: string }): ReactNode {
  const loaded = useCall(`policy ${arn}`, async (client, signal) => {
    try {
      const { Policy } = await client.call('GetPolicy', { ResourceArn: arn }, { signal })
      return Policy
    } catch (error) {
      if (toApiError(error).code === 'ResourceNotFoundException') return ''
      throw error
    }
  })
  return (
    <LoadedView loaded={loaded} what="the policy">
      {(policy) => (
        <PolicyEditor key={policy} arn={arn} policy={policy} onChanged={loaded.reload} />
      )}
    </LoadedView>
  )
}

interface PolicyEditorProps {
  readonly arn: string
  /** The policy as JSON text; empty if the CA has no policy. */
  readonly policy: string
  readonly onChanged: () => void
}

function PolicyEditor({ arn, policy, onChanged }: PolicyEditorProps): ReactNode {
  const [text, setText] = useState(() => indent(policy))
  const [isDeleting, setDeleting] = useState(false)
  const problem = text.trim() === '' ? undefined : policyProblem(text, arn)
  const isChanged = text !== indent(policy)
  const { submit, isRunning, error } = useSubmit(
    async (client) => {
      await client.call('PutPolicy', { ResourceArn: arn, Policy: text })
    },
    { done: 'The policy is saved.', onDone: onChanged },
  )
  const isUnsaved = isChanged && text.trim() !== ''
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description="A resource policy allows other accounts and principals to use this CA. To manage the policies of users and roles, use signet policy."
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button disabled={policy === ''} onClick={() => setDeleting(true)}>
                  Delete
                </Button>
                <Button
                  variant="primary"
                  loading={isRunning}
                  disabled={!isChanged || text.trim() === '' || problem !== undefined}
                  onClick={submit}
                >
                  Save
                </Button>
              </SpaceBetween>
            }
          >
            Resource policy
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label="Policy (JSON)" errorText={problem} stretch>
            <div className="pem">
              <Textarea
                value={text}
                rows={policy === '' ? 10 : 18}
                spellcheck={false}
                placeholder="This CA has no resource policy. Only principals in the account of the CA can use the CA."
                onChange={({ detail }) => setText(detail.value)}
              />
            </div>
          </FormField>
          <ApiAlert error={error} action="Save the policy" />
        </SpaceBetween>
        {isDeleting && (
          <ConfirmDialog
            title="Delete the policy?"
            action="Delete"
            confirmation="delete"
            onConfirm={async (client) => {
              await client.call('DeletePolicy', { ResourceArn: arn })
            }}
            onClose={() => setDeleting(false)}
            done="The policy is deleted."
            onDone={() => {
              setDeleting(false)
              onChanged()
            }}
          >
            Principals that use the CA because of this policy lose access.
          </ConfirmDialog>
        )}
      </Container>
      <PolicySimulator arn={arn} unsavedPolicy={isUnsaved ? text : undefined} />
    </SpaceBetween>
  )
}

function indent(policy: string): string {
  try {
    return policy === '' ? '' : JSON.stringify(JSON.parse(policy), null, 2)
  } catch {
    return policy
  }
}

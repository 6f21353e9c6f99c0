/** The input for choosing one of the roles that an ID token can assume. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { lastRole, type Granted } from '../app/sign-on.ts'
import { ForeignText } from '../widgets/values.tsx'

interface RoleChoiceProps {
  readonly granted: Granted
  readonly isBusy: boolean
  readonly onChoose: (roleArn: string) => void
}

export function RoleChoice({ granted, isBusy, onChoose }: RoleChoiceProps): ReactNode {
  const { roles, isTruncated } = granted.accepted
  const [chosen, setChosen] = useState(
    () => (roles.find(({ arn }) => arn === lastRole()) ?? roles[0])?.arn ?? '',
  )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onChoose(chosen)
      }}
    >
      <Form
        actions={
          <Button variant="primary" loading={isBusy}>
            Continue
          </Button>
        }
      >
        <SpaceBetween size="m">
          <Box>
            You are signed in as <ForeignText text={granted.sessionName} />.
          </Box>
          <FormField
            label="Role"
            description="The role determines what you can do. To use another role later, sign in again."
          >
            <RadioGroup
              value={chosen}
              onChange={({ detail }) => setChosen(detail.value)}
              items={roles.map(({ arn }) => ({
                value: arn,
                label: arn.replace(/^.*:role\//, ''),
                description: `Account ${arn.split(':')[4] ?? ''}`,
              }))}
            />
          </FormField>
          {isTruncated && <Alert type="info">There are more roles than this list can show.</Alert>}
        </SpaceBetween>
      </Form>
    </form>
  )
}

/** Explains what a trust policy requires to accept the ID token. */
export function NoRole({ granted }: Pick<RoleChoiceProps, 'granted'>): ReactNode {
  const { subject, providers } = granted.accepted
  const { issuer, clientId } = granted.attempt.provider
  const place = issuer.replace(/^https?:\/\//, '')
  const rows = [
    ['Federated principal', providers.join(', ')],
    [`${place}:sub`, subject],
    [`${place}:aud`, clientId],
    ['sts:RoleSessionName', granted.sessionName],
  ]
  return (
    <Alert type="warning" header="No role accepts you">
      <SpaceBetween size="s">
        <div>
          The identity provider has signed you in, but no role's trust policy allows
          sts:AssumeRoleWithWebIdentity for you. Send the following values to your administrator:
        </div>
        <ul className="names">
          {rows.map(([name = '', value = '']) => (
            <li key={name}>
              {name}: <ForeignText text={value} />
            </li>
          ))}
        </ul>
      </SpaceBetween>
    </Alert>
  )
}

/** Simulates requests to a CA and shows the policy statements that decide them. */
import Alert from '@cloudscape-design/components/alert'
import AttributeEditor from '@cloudscape-design/components/attribute-editor'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Multiselect from '@cloudscape-design/components/multiselect'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { useState, type ReactNode } from 'react'
import {
  contextEntries,
  decisionTexts,
  sourceText,
  type ContextPair,
} from '../../../src/client-commands/simulation.ts'
import { visibleJson } from '../../../src/text/visible-text.ts'
import type { SimulatedPolicy } from '../../api/types.ts'
import { useSubmit } from '../../app/use-submit.ts'
import { ApiAlert } from '../../widgets/api-alert.tsx'
import { ForeignText } from '../../widgets/values.tsx'
import { simulatedActions } from './simulated-actions.ts'

interface PolicySimulatorProps {
  readonly arn: string
  /** The unsaved policy in the editor; undefined if the stored policy is unchanged. */
  readonly unsavedPolicy: string | undefined
}

const templateRow: ContextPair = {
  key: 'acm-pca:TemplateArn',
  value: 'arn:aws:acm-pca:::template/EndEntityCertificate/V1',
}

export function PolicySimulator({ arn, unsavedPolicy }: PolicySimulatorProps): ReactNode {
  const [principal, setPrincipal] = useState('')
  const [actions, setActions] = useState<readonly string[]>(['acm-pca:IssueCertificate'])
  const [rows, setRows] = useState<readonly ContextPair[]>([templateRow])
  const [simulated, setSimulated] = useState<SimulatedPolicy>()
  const { submit, isRunning, error } = useSubmit(async (client) => {
    setSimulated(undefined)
    const entries = contextEntries(rows)
    setSimulated(
      await client.call('SimulatePolicy', {
        PrincipalArn: principal,
        ActionNames: actions,
        ResourceArn: arn,
        ...(entries.length > 0 && { ContextEntries: entries }),
        ...(unsavedPolicy !== undefined && { Policy: unsavedPolicy }),
      }),
    )
  })
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Shows whether a principal may use this CA, and which statement decides this. The simulation changes nothing."
          actions={
            <Button
              loading={isRunning}
              disabled={principal === '' || actions.length === 0}
              onClick={submit}
            >
              Simulate
            </Button>
          }
        >
          Policy simulator
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField
          label="Principal"
          description="ARN of a user, role or role session, ID of another account, or acm.amazonaws.com."
        >
          <Input
            value={principal}
            spellcheck={false}
            placeholder={`arn:aws:iam::${arn.split(':')[4]}:user/alice`}
            onChange={({ detail }) => setPrincipal(detail.value.trim())}
          />
        </FormField>
        <FormField label="Actions">
          <Multiselect
            filteringType="auto"
            placeholder="Select actions"
            options={simulatedActions.map((value) => ({ value, label: value }))}
            selectedOptions={actions.map((value) => ({ value, label: value }))}
            deselectAriaLabel={({ label }) => `Remove ${label ?? ''}`}
            onChange={({ detail }) =>
              setActions(detail.selectedOptions.map(({ value = '' }) => value))
            }
          />
        </FormField>
        <ContextFields rows={rows} onChange={setRows} />
        {unsavedPolicy !== undefined && (
          <Alert type="info">
            The simulation uses the resource policy in the editor, which is not saved.
          </Alert>
        )}
        <ApiAlert error={error} action="Simulate" />
        {simulated !== undefined && <Simulated simulated={simulated} />}
      </SpaceBetween>
    </Container>
  )
}

interface ContextFieldsProps {
  readonly rows: readonly ContextPair[]
  readonly onChange: (rows: readonly ContextPair[]) => void
}

function ContextFields({ rows, onChange }: ContextFieldsProps): ReactNode {
  const change = (at: number, part: Partial<ContextPair>): void =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)))
  return (
    <ExpandableSection headerText="Condition keys of the request" defaultExpanded={false}>
      <AttributeEditor
        items={[...rows]}
        addButtonText="Add condition key"
        removeButtonText="Remove"
        removeButtonAriaLabel={({ key }) => `Remove ${key}`}
        empty="The request has only the keys of the principal and the CA."
        onAddButtonClick={() => onChange([...rows, { key: '', value: '' }])}
        onRemoveButtonClick={({ detail }) =>
          onChange(rows.filter((_, index) => index !== detail.itemIndex))
        }
        definition={[
          {
            label: 'Key',
            control: ({ key }, at) => (
              <Input
                value={key}
                spellcheck={false}
                ariaLabel={`Condition key ${at + 1}`}
                onChange={({ detail }) => change(at, { key: detail.value.trim() })}
              />
            ),
          },
          {
            label: 'Value',
            control: ({ value }, at) => (
              <Input
                value={value}
                spellcheck={false}
                ariaLabel={`Value of condition key ${at + 1}`}
                onChange={({ detail }) => change(at, { value: detail.value.trim() })}
              />
            ),
          },
        ]}
      />
    </ExpandableSection>
  )
}

function Simulated({ simulated }: { readonly simulated: SimulatedPolicy }): ReactNode {
  return (
    <SpaceBetween size="m">
      {simulated.Warnings.map((warning) => (
        <Alert key={warning} type="warning">
          {warning}
        </Alert>
      ))}
      {simulated.Results.map((result) => (
        <Decision key={result.ActionName} result={result} />
      ))}
    </SpaceBetween>
  )
}

const indicators = { allowed: 'success', explicitDeny: 'error', implicitDeny: 'stopped' } as const

function Decision({ result }: { readonly result: SimulatedPolicy['Results'][number] }): ReactNode {
  const { ActionName, Decision: decision, Reason, Statements, MissingContextKeys } = result
  return (
    <div role="group" aria-label={ActionName}>
      <SpaceBetween size="xs">
        <Box variant="h3">{ActionName}</Box>
        <StatusIndicator type={indicators[decision]}>{decisionTexts[decision]}</StatusIndicator>
        {decision === 'implicitDeny' && Reason !== undefined && (
          <Box color="text-body-secondary">{`Denied ${Reason}.`}</Box>
        )}
        {Statements.map((statement) => (
          <div key={sourceText(statement)}>
            <ForeignText text={sourceText(statement)} />
            <pre className="pem">{statementJson(statement.Statement)}</pre>
          </div>
        ))}
        {MissingContextKeys.length > 0 && (
          <StatusIndicator type="warning">
            Condition keys without a value: <ForeignText text={MissingContextKeys.join(', ')} />
          </StatusIndicator>
        )}
      </SpaceBetween>
    </div>
  )
}

function statementJson(json: string): string {
  return visibleJson(JSON.stringify(JSON.parse(json), null, 2))
}

/** The wizard that creates a CA. The wizard shows the CA certificate before anything is created. */
import Alert from '@cloudscape-design/components/alert'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Wizard from '@cloudscape-design/components/wizard'
import { useState, type ReactNode } from 'react'
import { stepTexts, type Step } from '../api/certify-authority.ts'
import { createAuthority, stepsOf } from '../api/create-authority.ts'
import { useNotify } from '../app/notifications.ts'
import { hrefOf, navigate } from '../app/router.ts'
import { useAction } from '../app/use-call.ts'
import { ApiAlert } from '../widgets/api-alert.tsx'
import { useAuthorities } from '../widgets/authorities.ts'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { RevocationFields } from '../widgets/revocation-fields.tsx'
import {
  emptyDraft,
  problemOfStep,
  requestOf,
  stepNames,
  type AuthorityDraft,
} from './create-authority/draft.ts'
import { KindStep } from './create-authority/kind-step.tsx'
import { ReviewStep } from './create-authority/review-step.tsx'
import { SubjectStep } from './create-authority/subject-step.tsx'

export function Page(): ReactNode {
  const notify = useNotify()
  const authorities = useAuthorities()
  const [draft, setDraft] = useState<AuthorityDraft>(emptyDraft)
  const [index, setIndex] = useState(0)
  const [isAttempted, setAttempted] = useState(false)
  const [step, setStep] = useState<Step>()
  const change = (part: Partial<AuthorityDraft>): void => setDraft((old) => ({ ...old, ...part }))
  const issuers = (authorities.value ?? []).filter(({ Status }) => Status === 'ACTIVE')
  const problem = problemOfStep(index, draft)
  const { run, isRunning, error } = useAction(async (client) => {
    const request = requestOf(draft, issuers)
    const arn = await createAuthority(client, request, setStep)
    const isActive = stepsOf(request).includes('import')
    notify({
      type: 'success',
      header: isActive
        ? 'The CA is active.'
        : 'The CA is created. The CA now needs a certificate from its issuer.',
    })
    navigate(hrefOf(`authorities/${arn}`))
  })
  const shown = isAttempted ? problem : undefined
  const body = (content: ReactNode): ReactNode => (
    <SpaceBetween size="l">
      {content}
      {shown !== undefined && <Alert type="error">{shown}</Alert>}
    </SpaceBetween>
  )
  return (
    <SpaceBetween size="l">
      <Breadcrumbs
        items={[{ text: 'Certificate authorities', path: 'authorities' }]}
        current="Create CA"
      />
      <Wizard
        activeStepIndex={index}
        isLoadingNextStep={isRunning}
        submitButtonText="Create CA"
        i18nStrings={{
          stepNumberLabel: (number) => `Step ${number}`,
          collapsedStepsLabel: (number, count) => `Step ${number} of ${count}`,
          navigationAriaLabel: 'Steps',
          cancelButton: 'Cancel',
          previousButton: 'Previous',
          nextButton: 'Next',
          optional: 'optional',
        }}
        onCancel={() => navigate(hrefOf('authorities'))}
        onNavigate={({ detail }) => {
          const isForward = detail.requestedStepIndex > index
          setAttempted(isForward && problem !== undefined)
          if (!isForward || problem === undefined) setIndex(detail.requestedStepIndex)
        }}
        onSubmit={() => {
          run().catch(() => undefined)
        }}
        steps={[
          {
            title: stepNames[0],
            description: 'A root CA signs itself. A subordinate CA is signed by another CA.',
            content: body(<KindStep draft={draft} issuers={issuers} onChange={change} />),
          },
          {
            title: stepNames[1],
            content: body(<SubjectStep draft={draft} onChange={change} />),
          },
          {
            title: stepNames[2],
            description: 'How clients check whether a certificate from this CA is revoked.',
            content: body(
              <RevocationFields
                choice={draft.revocation}
                onChange={(revocation) => change({ revocation })}
              />,
            ),
          },
          {
            title: stepNames[3],
            content: (
              <SpaceBetween size="l">
                <ReviewStep draft={draft} issuers={issuers} />
                {isRunning && step !== undefined && (
                  <StatusIndicator type="in-progress">{stepTexts[step]}</StatusIndicator>
                )}
                <ApiAlert
                  error={error}
                  action={step === undefined ? 'Create CA' : stepTexts[step]}
                />
              </SpaceBetween>
            ),
          },
        ]}
      />
    </SpaceBetween>
  )
}

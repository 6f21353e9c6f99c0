/** The layout of every page: top bar, navigation and notifications. */
import AppLayout from '@cloudscape-design/components/app-layout'
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Flashbar from '@cloudscape-design/components/flashbar'
import Header from '@cloudscape-design/components/header'
import SideNavigation from '@cloudscape-design/components/side-navigation'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import { Component, Suspense, useCallback, useEffect, useState, type ReactNode } from 'react'
import { NotifyContext, type Notification } from './notifications.ts'
import { findPage } from './pages.ts'
import { followLink, hrefOf, useLocation } from './router.ts'
import { useSession } from './session.ts'
import { useSessionBanner } from './session-banner.tsx'
import { TopBar } from './top-bar.tsx'

const dismissMilliseconds = 8000
/** Content width on large screens, in pixels. Tables of this width need no line breaks. */
const contentWidthMax = 2400

interface ShownNotification extends Notification {
  readonly id: string
}

let lastId = 0

export function Layout(): ReactNode {
  const { path } = useLocation()
  const { region } = useSession()
  const [notifications, setNotifications] = useState<readonly ShownNotification[]>([])
  const [isNavigationOpen, setNavigationOpen] = useState(() => innerWidth > 900)
  const dismiss = (id: string): void =>
    setNotifications((shown) => shown.filter((one) => one.id !== id))
  const notify = useCallback((notification: Notification) => {
    const id = String((lastId += 1))
    setNotifications((shown) => [...shown, { ...notification, id }])
    if (notification.type === 'success') setTimeout(() => dismiss(id), dismissMilliseconds)
  }, [])
  const page = findPage(path)
  const banner = useSessionBanner()
  useEffect(() => {
    document.title = `${page?.title ?? 'Page not found'} – Signet`
  }, [page?.title])
  return (
    <NotifyContext value={notify}>
      <div id="top-bar">
        <TopBar />
      </div>
      <AppLayout
        headerSelector="#top-bar"
        toolsHide
        maxContentWidth={contentWidthMax}
        navigationOpen={isNavigationOpen}
        onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
        navigation={<Navigation section={page?.section ?? 'none'} />}
        notifications={
          <Flashbar
            items={[
              ...banner,
              ...notifications.map(({ id, type, header, text }) => ({
                id,
                type,
                header,
                content: text,
                dismissible: true,
                dismissLabel: 'Dismiss message',
                onDismiss: () => dismiss(id),
              })),
            ]}
          />
        }
        content={
          <Failure key={`${region} ${path}`}>
            <Suspense fallback={<Loading />}>
              {page === undefined ? <NotFound /> : <page.component parameter={page.parameter} />}
            </Suspense>
          </Failure>
        }
      />
    </NotifyContext>
  )
}

function Navigation({ section }: { readonly section: string }): ReactNode {
  return (
    <SideNavigation
      header={{ text: 'Private CA', href: hrefOf('') }}
      activeHref={hrefOf(section)}
      onFollow={followLink}
      items={[
        { type: 'link', text: 'Dashboard', href: hrefOf('') },
        { type: 'link', text: 'Certificate authorities', href: hrefOf('authorities') },
        { type: 'link', text: 'Certificates', href: hrefOf('certificates') },
        { type: 'link', text: 'Issue certificate', href: hrefOf('certificates/issue') },
        { type: 'link', text: 'Enrollment', href: hrefOf('enrollment') },
        { type: 'link', text: 'Approvals', href: hrefOf('approvals') },
        {
          type: 'section',
          text: 'Access',
          items: [
            { type: 'link', text: 'Users', href: hrefOf('access/users') },
            { type: 'link', text: 'Roles', href: hrefOf('access/roles') },
            { type: 'link', text: 'Access keys', href: hrefOf('access/keys') },
            { type: 'link', text: 'Identity providers', href: hrefOf('access/providers') },
          ],
        },
        { type: 'link', text: 'Activity', href: hrefOf('activity') },
        { type: 'link', text: 'System', href: hrefOf('system') },
      ]}
    />
  )
}

function Loading(): ReactNode {
  return (
    <Box padding="xxl" textAlign="center">
      <StatusIndicator type="loading">Loading</StatusIndicator>
    </Box>
  )
}

function NotFound(): ReactNode {
  return (
    <SpaceBetween size="l">
      <Header variant="h1">Page not found</Header>
      <Alert type="warning">
        The console has no page at this address. To open another page, use the navigation.
      </Alert>
    </SpaceBetween>
  )
}

/** Shows an error message in place of a page that failed unexpectedly, so that the navigation remains usable. */
class Failure extends Component<
  { readonly children: ReactNode },
  { readonly message: string | undefined }
> {
  override state: { readonly message: string | undefined } = { message: undefined }

  static getDerivedStateFromError(error: unknown): { readonly message: string } {
    return { message: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    if (this.state.message === undefined) return this.props.children
    return (
      <Alert type="error" header="The page failed">
        {this.state.message}. Reload the page. If it fails again, the server may have been upgraded
        in the meantime.
      </Alert>
    )
  }
}

import { invalidArn } from '../../errors.ts'
import { defaultTemplateName, requireTemplate, type Template } from '../../issuance/templates.ts'
import { parseTemplateArn } from '../../wire/arn.ts'

/**
 * The template that an ARN names; without one, that of an end entity. Throws InvalidArnException for an ARN of
 * another kind or partition, InvalidArgsException for a template that is not offered.
 */
export function templateOf(templateArn: string | undefined, partition: string): Template {
  if (templateArn === undefined) return requireTemplate(defaultTemplateName)
  const template = parseTemplateArn(templateArn)
  if (template === undefined || template.partition !== partition)
    throw invalidArn(
      `${templateArn} is not the ARN of a template; it has the form arn:${partition}:acm-pca:::template/NAME/V1`,
    )
  return requireTemplate(template.name)
}

/** ARN of the template that no TemplateArn means. */
export function defaultTemplateArn(partition: string): string {
  return `arn:${partition}:acm-pca:::template/${defaultTemplateName}/V1`
}

# A CA with its policy, permissions, tags and revocation configuration, and the data sources that read it. Variables contain the
# values that are changed in place.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "endpoint" {
  type = string
}

variable "server_csr" {
  type = string
}

variable "enabled" {
  type = bool
}

variable "tags" {
  type = map(string)
}

variable "crl_days" {
  description = "validity of CRLs in days; 0 disables CRLs"
  type        = number
}

variable "ocsp" {
  type = bool
}

variable "shared_with" {
  type = string
}

variable "permitted" {
  type = set(string)
}

provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    acmpca = var.endpoint
  }
}

resource "aws_acmpca_certificate_authority" "root" {
  type                            = "ROOT"
  enabled                         = var.enabled
  permanent_deletion_time_in_days = 7
  tags                            = var.tags
  certificate_authority_configuration {
    key_algorithm     = "EC_prime256v1"
    signing_algorithm = "SHA256WITHECDSA"
    subject {
      common_name = "Terraform administration"
    }
  }
  revocation_configuration {
    crl_configuration {
      enabled            = var.crl_days > 0
      expiration_in_days = var.crl_days > 0 ? var.crl_days : null
      s3_bucket_name     = var.crl_days > 0 ? "my-crls" : null
      s3_object_acl      = var.crl_days > 0 ? "BUCKET_OWNER_FULL_CONTROL" : null
    }
    ocsp_configuration {
      enabled = var.ocsp
    }
  }
}

resource "aws_acmpca_certificate" "root" {
  certificate_authority_arn   = aws_acmpca_certificate_authority.root.arn
  certificate_signing_request = aws_acmpca_certificate_authority.root.certificate_signing_request
  signing_algorithm           = "SHA256WITHECDSA"
  template_arn                = "arn:aws:acm-pca:::template/RootCACertificate/V1"
  validity {
    type  = "YEARS"
    value = 10
  }
}

resource "aws_acmpca_certificate_authority_certificate" "root" {
  certificate_authority_arn = aws_acmpca_certificate_authority.root.arn
  certificate               = aws_acmpca_certificate.root.certificate
  certificate_chain         = aws_acmpca_certificate.root.certificate_chain
}

resource "aws_acmpca_certificate" "server" {
  certificate_authority_arn   = aws_acmpca_certificate_authority.root.arn
  certificate_signing_request = var.server_csr
  signing_algorithm           = "SHA256WITHECDSA"
  template_arn                = "arn:aws:acm-pca:::template/EndEntityCertificate_APIPassthrough/V1"
  api_passthrough = jsonencode({
    Subject = { CommonName = "by passthrough" }
  })
  validity {
    type  = "DAYS"
    value = 30
  }
  depends_on = [aws_acmpca_certificate_authority_certificate.root]
}

resource "aws_acmpca_permission" "acm" {
  for_each                  = var.permitted
  certificate_authority_arn = aws_acmpca_certificate_authority.root.arn
  actions                   = ["IssueCertificate", "GetCertificate", "ListPermissions"]
  principal                 = "acm.amazonaws.com"
  source_account            = each.key
}

data "aws_iam_policy_document" "sharing" {
  statement {
    sid       = "read"
    resources = [aws_acmpca_certificate_authority.root.arn]
    actions = [
      "acm-pca:DescribeCertificateAuthority",
      "acm-pca:GetCertificate",
      "acm-pca:GetCertificateAuthorityCertificate",
      "acm-pca:ListPermissions",
      "acm-pca:ListTags",
    ]
    principals {
      type        = "AWS"
      identifiers = [var.shared_with]
    }
  }
  statement {
    sid       = "issue"
    resources = [aws_acmpca_certificate_authority.root.arn]
    actions   = ["acm-pca:IssueCertificate"]
    principals {
      type        = "AWS"
      identifiers = [var.shared_with]
    }
    condition {
      test     = "StringEquals"
      variable = "acm-pca:TemplateArn"
      values   = ["arn:aws:acm-pca:::template/EndEntityCertificate/V1"]
    }
  }
}

resource "aws_acmpca_policy" "sharing" {
  resource_arn = aws_acmpca_certificate_authority.root.arn
  policy       = data.aws_iam_policy_document.sharing.json
}

data "aws_acmpca_certificate_authority" "root" {
  arn        = aws_acmpca_certificate_authority.root.arn
  depends_on = [aws_acmpca_certificate_authority_certificate.root]
}

data "aws_acmpca_certificate" "server" {
  arn                       = aws_acmpca_certificate.server.arn
  certificate_authority_arn = aws_acmpca_certificate_authority.root.arn
}

output "arn" {
  value = aws_acmpca_certificate_authority.root.arn
}

output "root" {
  value = aws_acmpca_certificate.root.certificate
}

output "server" {
  value = {
    certificate = aws_acmpca_certificate.server.certificate
    chain       = aws_acmpca_certificate.server.certificate_chain
  }
}

output "permissions" {
  value = { for account, permission in aws_acmpca_permission.acm : account => permission.policy }
}

output "read_authority" {
  value = data.aws_acmpca_certificate_authority.root
}

output "read_certificate" {
  value = data.aws_acmpca_certificate.server
}

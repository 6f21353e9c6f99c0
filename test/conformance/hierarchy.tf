# A root CA, a subordinate CA and a server certificate. Variables: the endpoint and the CSR of the server.
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

provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    acmpca = var.endpoint
  }
}

data "aws_partition" "current" {}

resource "aws_acmpca_certificate_authority" "root" {
  type                            = "ROOT"
  permanent_deletion_time_in_days = 7
  certificate_authority_configuration {
    key_algorithm     = "RSA_2048"
    signing_algorithm = "SHA256WITHRSA"
    subject {
      country      = "DE"
      organization = "Signet Test"
      common_name  = "Terraform root"
    }
  }
  tags = {
    made-by = "terraform"
  }
}

resource "aws_acmpca_certificate" "root" {
  certificate_authority_arn   = aws_acmpca_certificate_authority.root.arn
  certificate_signing_request = aws_acmpca_certificate_authority.root.certificate_signing_request
  signing_algorithm           = "SHA256WITHRSA"
  template_arn                = "arn:${data.aws_partition.current.partition}:acm-pca:::template/RootCACertificate/V1"
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

resource "aws_acmpca_certificate_authority" "subordinate" {
  type                            = "SUBORDINATE"
  usage_mode                      = "GENERAL_PURPOSE"
  permanent_deletion_time_in_days = 7
  certificate_authority_configuration {
    key_algorithm     = "EC_prime256v1"
    signing_algorithm = "SHA256WITHECDSA"
    subject {
      common_name = "Terraform subordinate"
    }
  }
  revocation_configuration {
    crl_configuration {
      enabled            = true
      expiration_in_days = 7
      s3_bucket_name     = "my-crls"
      s3_object_acl      = "BUCKET_OWNER_FULL_CONTROL"
      custom_cname       = "crl.example.com"
    }
    ocsp_configuration {
      enabled           = true
      ocsp_custom_cname = "ocsp.example.com"
    }
  }
}

resource "aws_acmpca_permission" "acm" {
  certificate_authority_arn = aws_acmpca_certificate_authority.subordinate.arn
  actions                   = ["IssueCertificate", "GetCertificate", "ListPermissions"]
  principal                 = "acm.amazonaws.com"
}

resource "aws_acmpca_policy" "sharing" {
  resource_arn = aws_acmpca_certificate_authority.subordinate.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "read"
        Effect    = "Allow"
        Principal = { AWS = "210987654321" }
        Action = [
          "acm-pca:DescribeCertificateAuthority",
          "acm-pca:GetCertificate",
          "acm-pca:GetCertificateAuthorityCertificate",
          "acm-pca:ListPermissions",
          "acm-pca:ListTags",
        ]
        Resource = aws_acmpca_certificate_authority.subordinate.arn
      },
      {
        Sid       = "issue"
        Effect    = "Allow"
        Principal = { AWS = "210987654321" }
        Action    = ["acm-pca:IssueCertificate"]
        Resource  = aws_acmpca_certificate_authority.subordinate.arn
        Condition = {
          StringEquals = {
            "acm-pca:TemplateArn" = "arn:${data.aws_partition.current.partition}:acm-pca:::template/EndEntityCertificate/V1"
          }
        }
      },
    ]
  })
}

resource "aws_acmpca_certificate" "subordinate" {
  certificate_authority_arn   = aws_acmpca_certificate_authority.root.arn
  certificate_signing_request = aws_acmpca_certificate_authority.subordinate.certificate_signing_request
  signing_algorithm           = "SHA256WITHRSA"
  template_arn                = "arn:${data.aws_partition.current.partition}:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
  validity {
    type  = "END_DATE"
    value = timeadd(plantimestamp(), "26280h")
  }
  depends_on = [aws_acmpca_certificate_authority_certificate.root]
  lifecycle {
    ignore_changes = [validity]
  }
}

resource "aws_acmpca_certificate_authority_certificate" "subordinate" {
  certificate_authority_arn = aws_acmpca_certificate_authority.subordinate.arn
  certificate               = aws_acmpca_certificate.subordinate.certificate
  certificate_chain         = aws_acmpca_certificate.subordinate.certificate_chain
}

resource "aws_acmpca_certificate" "server" {
  certificate_authority_arn   = aws_acmpca_certificate_authority.subordinate.arn
  certificate_signing_request = var.server_csr
  signing_algorithm           = "SHA256WITHECDSA"
  template_arn                = "arn:${data.aws_partition.current.partition}:acm-pca:::template/EndEntityServerAuthCertificate/V1"
  validity {
    type  = "DAYS"
    value = 30
  }
  depends_on = [aws_acmpca_certificate_authority_certificate.subordinate]
}

data "aws_acmpca_certificate_authority" "subordinate" {
  arn        = aws_acmpca_certificate_authority.subordinate.arn
  depends_on = [aws_acmpca_certificate_authority_certificate.subordinate]
}

output "root" {
  value = aws_acmpca_certificate.root.certificate
}

output "subordinate" {
  value = aws_acmpca_certificate.subordinate.certificate
}

output "leaf" {
  value = aws_acmpca_certificate.server.certificate
}

output "chain" {
  value = aws_acmpca_certificate.server.certificate_chain
}

output "status" {
  value = data.aws_acmpca_certificate_authority.subordinate.status
}

"""Creates a root CA, a subordinate CA and a server certificate with boto3, its waiters and its paginators.

Arguments: endpoint URL, folder for the PEM files, path of the server's CSR. Credentials and Region come from the environment.
"""
import json
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

endpoint, folder, server_csr = sys.argv[1:4]
pca = boto3.client("acm-pca", endpoint_url=endpoint, config=Config(retries={"max_attempts": 1}))
TEMPLATE = "arn:aws:acm-pca:::template/%s/V1"


def create(kind, name):
    arn = pca.create_certificate_authority(
        CertificateAuthorityType=kind,
        CertificateAuthorityConfiguration={
            "KeyAlgorithm": "RSA_2048",
            "SigningAlgorithm": "SHA256WITHRSA",
            "Subject": {"Country": "DE", "Organization": "Signet Test", "CommonName": name},
        },
        Tags=[{"Key": "made-by", "Value": "boto3"}],
        IdempotencyToken=name,
    )["CertificateAuthorityArn"]
    waiter = pca.get_waiter("certificate_authority_csr_created")
    waiter.config.delay = 0.05
    waiter.wait(CertificateAuthorityArn=arn)
    return arn, pca.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"]


def issue(arn, csr, template, days):
    certificate_arn = pca.issue_certificate(
        CertificateAuthorityArn=arn,
        Csr=csr.encode(),
        SigningAlgorithm="SHA256WITHRSA",
        TemplateArn=TEMPLATE % template,
        Validity={"Value": days, "Type": "DAYS"},
    )["CertificateArn"]
    waiter = pca.get_waiter("certificate_issued")
    waiter.wait(CertificateAuthorityArn=arn, CertificateArn=certificate_arn)
    return pca.get_certificate(CertificateAuthorityArn=arn, CertificateArn=certificate_arn)


def save(name, text):
    with open(f"{folder}/{name}.pem", "w", encoding="ascii") as file:
        file.write(text + "\n")


root, root_csr = create("ROOT", "boto3 root")
root_certificate = issue(root, root_csr, "RootCACertificate", 3650)
assert "CertificateChain" not in root_certificate
pca.import_certificate_authority_certificate(
    CertificateAuthorityArn=root, Certificate=root_certificate["Certificate"].encode()
)

subordinate, subordinate_csr = create("SUBORDINATE", "boto3 subordinate")
signed = issue(root, subordinate_csr, "SubordinateCACertificate_PathLen0", 365)
pca.import_certificate_authority_certificate(
    CertificateAuthorityArn=subordinate,
    Certificate=signed["Certificate"].encode(),
    CertificateChain=signed["CertificateChain"].encode(),
)
with open(server_csr, encoding="ascii") as file:
    leaf = issue(subordinate, file.read(), "EndEntityServerAuthCertificate", 30)

save("root", root_certificate["Certificate"])
save("subordinate", signed["Certificate"])
save("leaf", leaf["Certificate"])
save("chain", leaf["CertificateChain"])

described = pca.describe_certificate_authority(CertificateAuthorityArn=subordinate)["CertificateAuthority"]
assert described["Status"] == "ACTIVE", described
assert described["UsageMode"] == "GENERAL_PURPOSE", described
assert described["NotAfter"] > described["CreatedAt"], described

pages = pca.get_paginator("list_certificate_authorities").paginate(PaginationConfig={"PageSize": 1})
listed = [ca["Arn"] for page in pages for ca in page["CertificateAuthorities"]]
assert root in listed and subordinate in listed, listed
pages = pca.get_paginator("list_tags").paginate(CertificateAuthorityArn=root, PaginationConfig={"PageSize": 1})
assert [tag for page in pages for tag in page["Tags"]] == [{"Key": "made-by", "Value": "boto3"}]

# Modeled exceptions, and exceptions with only a code.
try:
    pca.update_certificate_authority(CertificateAuthorityArn=create("ROOT", "pending")[0], Status="ACTIVE")
    raise AssertionError("the call succeeded")
except pca.exceptions.InvalidStateException as error:
    assert "must be in the ACTIVE or DISABLED state" in str(error), error
try:
    issue(root, root_csr, "RootCACertificate", 0)
    raise AssertionError("the call succeeded")
except (ClientError, Exception) as error:  # older clients reject 0 themselves
    assert "alidat" in str(error), error
try:
    waiter = pca.get_waiter("certificate_issued")
    waiter.wait(CertificateAuthorityArn=root, CertificateArn=root + "/certificate/" + "0" * 32)
    raise AssertionError("the call succeeded")
except WaiterError as error:
    assert "ResourceNotFoundException" in str(error), error
waiter = pca.get_waiter("audit_report_created")
try:
    waiter.wait(CertificateAuthorityArn=root, AuditReportId="0" * 8 + "-0000-0000-0000-" + "0" * 12)
    raise AssertionError("the call succeeded")
except WaiterError as error:
    assert "ResourceNotFoundException" in str(error), error
pca.create_permission(CertificateAuthorityArn=root, Principal="acm.amazonaws.com", Actions=["IssueCertificate", "GetCertificate"])
pages = list(pca.get_paginator("list_permissions").paginate(CertificateAuthorityArn=root))
assert [p["Actions"] for page in pages for p in page["Permissions"]] == [["IssueCertificate", "GetCertificate"]], pages
try:
    pca.create_permission(CertificateAuthorityArn=root, Principal="acm.amazonaws.com", Actions=["GetCertificate"])
    raise AssertionError("the call succeeded")
except pca.exceptions.PermissionAlreadyExistsException:
    pass
pca.delete_permission(CertificateAuthorityArn=root, Principal="acm.amazonaws.com")
try:
    pca.get_policy(ResourceArn=root)
    raise AssertionError("the call succeeded")
except pca.exceptions.ResourceNotFoundException as error:
    assert "Could not find policy for resource" in str(error), error
try:
    pca.put_policy(ResourceArn=root, Policy="{}")
    raise AssertionError("the call succeeded")
except pca.exceptions.InvalidPolicyException:
    pass

# A presigned URL contains the members in its query, and its signature covers an empty body. This works for operations with flat
# members.
def post_presigned(method, **params):
    url = pca.generate_presigned_url(method, Params=params, ExpiresIn=60)
    operation = pca.meta.method_to_api_mapping[method]
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "ACMPrivateCA." + operation}
    request = urllib.request.Request(url, method="POST", data=b"", headers=headers)
    with urllib.request.urlopen(request) as response:
        text = response.read()
    return json.loads(text) if text else {}


leaf_arn = pca.issue_certificate(
    CertificateAuthorityArn=root,
    Csr=open(server_csr, "rb").read(),
    SigningAlgorithm="SHA256WITHRSA",
    Validity={"Value": 1, "Type": "DAYS"},
)["CertificateArn"]
of_root = {"CertificateAuthorityArn": root}
described = post_presigned("describe_certificate_authority", **of_root)
assert described["CertificateAuthority"]["Arn"] == root
assert len(post_presigned("list_certificate_authorities", MaxResults=1)["CertificateAuthorities"]) == 1
assert len(post_presigned("list_certificate_authorities", ResourceOwner="SELF")["CertificateAuthorities"]) >= 2
assert post_presigned("get_certificate_authority_csr", **of_root)["Csr"] == root_csr
assert post_presigned("get_certificate_authority_certificate", **of_root)["Certificate"] == root_certificate["Certificate"]
assert "BEGIN" in post_presigned("get_certificate", CertificateArn=leaf_arn, **of_root)["Certificate"]
assert post_presigned("list_tags", MaxResults=1, **of_root)["Tags"] == [{"Key": "made-by", "Value": "boto3"}]
post_presigned(
    "import_certificate_authority_certificate", Certificate=root_certificate["Certificate"].encode(), **of_root
)
post_presigned("update_certificate_authority", Status="DISABLED", **of_root)
post_presigned("delete_certificate_authority", PermanentDeletionTimeInDays=7, **of_root)
post_presigned("restore_certificate_authority", **of_root)
post_presigned("update_certificate_authority", Status="ACTIVE", **of_root)
try:
    post_presigned("tag_certificate_authority", Tags=[{"Key": "a"}], **of_root)
    raise AssertionError("the call succeeded")
except urllib.error.HTTPError as error:
    assert "cannot be sent in a query string" in json.loads(error.read())["Message"]

print(json.dumps({"root": root, "subordinate": subordinate}))

#!/usr/bin/env python3
"""Writes the repositories of a company that does not exist: generate.py FOLDER [--repositories N --accounts N --users N --seed N].

One holds the organization, some its accounts, others service control policies, controls, rotation and monitors; all the rest are
applications, with users and their keys. They know each other only by ids. The same numbers give the same files."""

import argparse
import json
import random
from pathlib import Path

REGION = "eu-west-1"
KEY_ACTIONS = ["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey"]
ROOT = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}
SCHEDULES = ["rate(30 days)", "rate(60 days)", "cron(0 3 1 * ? *)"]

# Policies, and what each alone says to root: denied, nothing, not always, and what nobody can know.
POLICIES = {
    "deny_root_keys": {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*", "Condition": ROOT},
    "deny_root": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": ROOT},
    "deny_keys_of_users": {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/root"},
    "deny_without_mfa": {
        "Effect": "Deny", "Action": "iam:*", "Resource": "*",
        "Condition": ROOT | {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    },
    "deny_regions": {
        "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": [REGION, "us-east-1"]}},
    },
    "deny_from_outside": None,  # The condition is a variable that is given elsewhere.
}
WEIGHTS = [4, 2, 1, 1, 2, 1]

ROTATION = """\
resource "aws_cloudwatch_event_rule" "rotate" {
  name                = "rotate-access-keys"
  schedule_expression = %(schedule)s
  state               = %(state)s
}

resource "aws_cloudwatch_event_target" "rotate" {
  rule = aws_cloudwatch_event_rule.rotate.name
  arn  = aws_lambda_function.rotate.arn
}

resource "aws_lambda_permission" "rotate" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.rotate.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.rotate.arn
}

resource "aws_lambda_function" "rotate" {
  function_name = "rotate-access-keys"
  role          = aws_iam_role.rotate.arn
  handler       = "index.handler"
  runtime       = "python3.13"
  filename      = "rotate.zip"
}

resource "aws_iam_role" "rotate" {
  name = "rotate-access-keys"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "rotate" {
  role = aws_iam_role.rotate.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Resource = "*", Action = %(actions)s }]
  })
}
"""

SECRET = """\
resource "aws_secretsmanager_secret" "u0" {
  name = "key-of-%(name)s"
}

resource "aws_secretsmanager_secret_version" "u0" {
  secret_id     = aws_secretsmanager_secret.u0.id
  secret_string = jsonencode({ id = aws_iam_access_key.u0.id, secret = aws_iam_access_key.u0.secret })
}

resource "aws_secretsmanager_secret_rotation" "u0" {
  secret_id           = aws_secretsmanager_secret.u0.id
  rotation_lambda_arn = "arn:aws:lambda:%(region)s:%(account)s:function:rotate-secret"
  rotation_rules {
    automatically_after_days = 30
  }
}
"""

MONITOR = """\
resource "aws_cloudtrail" "all" {
  name                  = "all"
  s3_bucket_name        = "acme-trail"
  is_multi_region_trail = true
}

resource "aws_cloudwatch_event_rule" "root" {
  name  = "root"
  state = "%s"
  event_pattern = jsonencode({
    detail-type = ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"]
    detail      = { userIdentity = { type = ["Root"] } }
  })
}

resource "aws_cloudwatch_event_target" "root" {
  rule = aws_cloudwatch_event_rule.root.name
  arn  = aws_sns_topic.security.arn
}

resource "aws_sns_topic" "security" {
  name = "security"
}

resource "aws_sns_topic_subscription" "security" {
  topic_arn = aws_sns_topic.security.arn
  protocol  = "email"
  endpoint  = "security@example.com"
}
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def provider(account, region=REGION):
    return f'provider "aws" {{\n  region              = "{region}"\n  allowed_account_ids = ["{account}"]\n}}\n\n'


def document(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Company:
    def __init__(self, folder, repositories, accounts, users, seed):
        self.random = random.Random(seed)
        self.folder = folder
        self.accounts = [f"{200000000000 + 7919 * number}" for number in range(accounts)]
        self.vending = max(1, repositories // 50)
        self.applications = max(1, repositories - 5 - self.vending)
        self.users = users
        self.units = []

    def write(self):
        self.organization()
        self.accounts_of_units()
        self.policies()
        self.controls()
        self.rotation()
        self.monitoring()
        self.apps()

    def organization(self):
        """The organization and its units. What `terraform show -json` says of the state lies beside, so that ids are known."""
        count = max(8, len(self.accounts) // 25)
        code = 'resource "aws_organizations_organization" "acme" {\n  feature_set          = "ALL"\n'
        code += '  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]\n}\n'
        state = [resource("aws_organizations_organization", "acme", {
            "id": "o-acme123456", "feature_set": "ALL", "enabled_policy_types": ["SERVICE_CONTROL_POLICY"],
            "roots": [{"id": "r-ac01", "name": "Root"}],
        })]
        for number in range(count):
            name, own = f"unit_{number:03}", f"ou-ac01-{number:08x}"
            # No more than four levels: Organizations has five.
            above = self.random.choice(self.units) if self.units and self.random.random() < 0.7 else None
            if above and above[2] >= 4:
                above = None
            parent = f"aws_organizations_organizational_unit.{above[0]}.id" if above else \
                "aws_organizations_organization.acme.roots[0].id"
            code += f'\nresource "aws_organizations_organizational_unit" "{name}" {{\n  name      = "{name}"\n'
            code += f"  parent_id = {parent}\n}}\n"
            state.append(resource("aws_organizations_organizational_unit", name, {
                "id": own, "name": name, "parent_id": above[1] if above else "r-ac01",
            }))
            self.units.append((name, own, above[2] + 1 if above else 1))
        root = self.folder / "organization"
        write(root / "main.tf", code)
        write(root / "state.json", json.dumps(
            {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": state}}}))

    def accounts_of_units(self):
        """Accounts, in repositories of their own, below units that they name by id; a few have a policy to themselves."""
        for number in range(self.vending):
            code = ""
            for account in self.accounts[number::self.vending]:
                chance = self.random.random()
                parent = self.random.choice(self.units)[1]
                if chance < 0.02:
                    parent = f"ou-ac01-ffff{number:04x}"  # Nobody declares this unit.
                elif chance < 0.04:
                    parent = "r-ac01"
                code += f'resource "aws_organizations_account" "a{account}" {{\n  name      = "{account}"\n'
                code += f'  email     = "aws+{account}@example.com"\n  parent_id = "{parent}"\n}}\n\n'
                if 0.04 <= chance < 0.06:
                    code += f'resource "aws_organizations_policy_attachment" "a{account}" {{\n'
                    code += f"  policy_id = aws_organizations_policy.own.id\n  target_id = aws_organizations_account.a{account}.id\n}}\n\n"
            code += 'resource "aws_organizations_policy" "own" {\n  name    = "own"\n'
            code += f"  content = {quoted(document(POLICIES['deny_root_keys']))}\n}}\n"
            write(self.folder / f"accounts-{number:02}" / "main.tf", code)

    def policies(self):
        """Service control policies; about a third of the units have one, whatever it does."""
        code = 'variable "sources" {\n  type = map(any)\n}\n\n'
        for name, statement in POLICIES.items():
            content = quoted(document(statement)) if statement else (
                'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "iam:*", Resource = "*", '
                "Condition = var.sources }] })")
            code += f'resource "aws_organizations_policy" "{name}" {{\n  name    = "{name}"\n  content = {content}\n}}\n\n'
        names = list(POLICIES)
        for name, own, _ in self.units:
            if self.random.random() < 0.35:
                policy = self.random.choices(names, WEIGHTS)[0]
                code += f'resource "aws_organizations_policy_attachment" "{name}" {{\n'
                code += f'  policy_id = aws_organizations_policy.{policy}.id\n  target_id = "{own}"\n}}\n\n'
        write(self.folder / "policies" / "main.tf", code)

    def controls(self):
        code = ""
        for name, own, _ in self.random.sample(self.units, max(1, len(self.units) // 20)):
            code += f'resource "aws_controltower_control" "{name}" {{\n'
            code += f'  control_identifier = "arn:aws:controltower:{REGION}::control/AWS-GR_RESTRICT_ROOT_USER_ACCESS_KEYS"\n'
            code += f'  target_identifier  = "arn:aws:organizations::{self.accounts[0]}:ou/o-acme123456/{own}"\n}}\n\n'
        write(self.folder / "control-tower" / "main.tf", code)

    def rotation(self):
        """Rotation for some accounts: one folder for each, and one module for all. Some run too rarely, or are switched off."""
        root = self.folder / "security-rotation"
        module = ROTATION % {
            "schedule": "var.schedule", "state": "var.state", "actions": json.dumps(KEY_ACTIONS),
        }
        write(root / "modules" / "rotate" / "main.tf",
              'variable "schedule" {\n  type = string\n}\n\nvariable "state" {\n  type    = string\n  default = "ENABLED"\n}\n\n' + module)
        for account in self.accounts:
            if self.random.random() >= 0.4:
                continue
            chance = self.random.random()
            schedule = "rate(120 days)" if chance < 0.1 else self.random.choice(SCHEDULES)
            state = '  state    = "DISABLED"\n' if 0.1 <= chance < 0.15 else ""
            write(root / "accounts" / account / "main.tf",
                  provider(account) + f'module "rotate" {{\n  source   = "../../modules/rotate"\n  schedule = "{schedule}"\n{state}}}\n')
        write(root / "organization" / "main.tf",
              'resource "aws_config_organization_managed_rule" "keys" {\n  name             = "keys"\n'
              '  rule_identifier  = "ACCESS_KEYS_ROTATED"\n'
              '  input_parameters = jsonencode({ maxAccessKeyAge = "60" })\n}\n')

    def monitoring(self):
        for account in self.accounts:
            chance = self.random.random()
            if chance < 0.3:
                state = "DISABLED" if chance < 0.03 else "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
                write(self.folder / "security-monitoring" / account / "main.tf", provider(account, "us-east-1") + MONITOR % state)

    def apps(self):
        """Applications: folders in some accounts, which they share with their neighbours, each with users and keys."""
        shares = [self.users // self.applications + (number < self.users % self.applications) for number in range(self.applications)]
        step = max(1, len(self.accounts) // self.applications)
        for number, share in enumerate(shares):
            root = self.folder / f"app-{number:04}"
            start = number * step
            own = [self.accounts[(start + place) % len(self.accounts)] for place in range(step + 1)]
            each = [share // len(own) + (place < share % len(own)) for place in range(len(own))]
            template = number % 6 == 5
            for account, users in zip(own, each):
                names = [f"{self.random.choice(['ci', 'mailer', 'backup', 'sync'])}-{number:04}-{place}" for place in range(users)]
                if template:
                    write(root / "stacks" / account / "template.yaml", self.template(names))
                else:
                    write(root / "envs" / account / "main.tf", provider(account) + self.code(names, account))
            # Where no code says the account, the configuration may.
            if template and number % 12 == 5:
                rows = "".join(f'"{account}" = ["stacks/{account}/template.yaml"]\n' for account in own)
                write(root / "rootlint.toml", f"[accounts]\n{rows}")

    def code(self, names, account):
        code, chance = "", self.random.random()
        loop, single = (names[2:], names[:2]) if len(names) > 4 else ([], names)
        if loop:
            code += f"locals {{\n  services = {json.dumps(loop)}\n}}\n\n"
            code += 'resource "aws_iam_user" "service" {\n  for_each = toset(local.services)\n  name     = each.key\n}\n\n'
            code += 'resource "aws_iam_access_key" "service" {\n  for_each = aws_iam_user.service\n  user     = each.value.name\n}\n\n'
        for place, name in enumerate(single):
            status = '  status = "Inactive"\n' if self.random.random() < 0.1 else ""
            code += f'resource "aws_iam_user" "u{place}" {{\n  name = "{name}"\n}}\n\n'
            if place == 0 or self.random.random() < 0.9:
                code += f'resource "aws_iam_access_key" "u{place}" {{\n  user = aws_iam_user.u{place}.name\n{status}}}\n\n'
        if chance < 0.05:
            # Its own rotation, for all keys in the account.
            code += ROTATION % {
                "schedule": json.dumps(self.random.choice(SCHEDULES)), "state": '"ENABLED"', "actions": json.dumps(KEY_ACTIONS),
            }
        elif chance < 0.07:
            # A function that only reports is none.
            code += ROTATION % {"schedule": '"rate(7 days)"', "state": '"ENABLED"', "actions": '["iam:ListAccessKeys"]'}
        elif chance < 0.09:
            # Whose key this is, and whether it is active, is said elsewhere.
            code += 'variable "owner" {\n  type = string\n}\n\nvariable "status" {\n  type = string\n}\n\n'
            code += 'resource "aws_iam_access_key" "owner" {\n  user   = var.owner\n  status = var.status\n}\n\n'
        elif chance < 0.10:
            code += 'resource "aws_iam_access_key" "root" {\n  user = "root"\n}\n\n'
        elif chance < 0.14 and single:
            # A secret whose rotation replaces one key, and no other of this name.
            code += SECRET % {"name": single[0], "region": REGION, "account": account}
        return code

    def template(self, names):
        text = "Resources:\n"
        for place, name in enumerate(names):
            status = "      Status: Inactive\n" if self.random.random() < 0.1 else ""
            text += f"  User{place}:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: {name}\n"
            text += f"  Key{place}:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: !Ref User{place}\n{status}"
        return text if names else text + "  Nothing:\n    Type: AWS::CloudFormation::WaitConditionHandle\n"


def quoted(text):
    """As a string of HCL."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


def resource(kind, name, values):
    return {
        "address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0, "values": values, "sensitive_values": {},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repositories", type=int, default=1000)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--users", type=int, default=50000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    Company(given.folder, given.repositories, given.accounts, given.users, given.seed).write()


if __name__ == "__main__":
    main()

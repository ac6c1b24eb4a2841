#!/usr/bin/env bash
# Applies a root module only if rootlint has nothing against the plan. Everything is looked at before anything is made.
#
#     deploy.sh [FOLDER]
set -euo pipefail
cd "${1:-.}"

terraform init -input=false
terraform plan -input=false -out=tfplan
# The plan knows what the code leaves open: data sources, variables given elsewhere, modules from a registry.
terraform show -json tfplan >tfplan.json
rootlint check --plan tfplan.json .
terraform apply -input=false tfplan

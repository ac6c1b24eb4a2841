#!/bin/bash
aws iam create-access-key --user-name "$1"

#!/bin/sh
export AWS_ACCESS_KEY_ID=AKIAZ7QPL3XWN5RT2B4D
aws s3 sync . s3://site

from keys import make


def handler(event, context):
    return make()

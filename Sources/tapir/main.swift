print("tapir")

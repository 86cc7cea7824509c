"""The life of a rating (好差评) at the backend: tasks of bad ones, what is added later, what the applicant is shown.

Imported when somebody asks (a task, a person's cases, a word added), never at the start.
"""

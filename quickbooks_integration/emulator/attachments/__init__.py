"""Files attached to transactions and names.

multipart   the form of an upload, also the odd ones that clients write
uploads     the upload address: one Attachable per file
links       addresses for downloading, valid for a quarter of an hour
downloads   what answers such an address
entities/attachable has the fields and rules of the Attachable itself.
"""

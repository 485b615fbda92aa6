"""Rules of the endpoint and the host, broken one at a time: does a test notice?"""

"""`make demo`: a real file through two queues, with kill -9 on the way, and a verdict."""

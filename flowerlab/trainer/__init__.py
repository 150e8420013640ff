"""The only TensorFlow room. Nobody imports it: it is started as a process and spoken to in JSON lines."""

select value -> 'machineLearning' from system_metadata where key = 'system-config'

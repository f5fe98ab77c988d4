"""`extract build`: dbt in a pod."""

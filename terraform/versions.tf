terraform {
  required_version = ">= 1.11" # write-only arguments

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
    google = {
      source = "hashicorp/google"
      # 7.45 is the first whose dataset updates leave other grants on the dataset alone.
      version = ">= 7.45, < 9.0"
    }
    time = {
      source  = "hashicorp/time"
      version = "~> 0.13"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # A budget is refused without a project to count its API calls on.
  billing_project       = var.project_id
  user_project_override = true

  default_labels = merge(var.labels, {
    app        = "tmdb-traction"
    managed_by = "terraform"
  })
}
